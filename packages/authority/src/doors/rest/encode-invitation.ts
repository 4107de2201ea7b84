// From invitations to the contract's JSON.
import type { Invitation, InvitationPreview, PendingInvitation as PendingAnswer } from '@hallpass/client'

import type { PendingInvitation } from '../../domain/organisation.ts'
import type { Invited } from '../../operations/invite-member.ts'
import type { PreviewedInvitation } from '../../operations/preview-invitation.ts'
import { encodeInstant } from './encode.ts'

export function encodeInvited({ id, email, role, code, url, mailed, replaced, expiresAt }: Invited): Invitation {
  const secrets = { code: code.reveal(), url: url.reveal() }
  return { id, email, role, ...secrets, mailed, replaced, expires_at: encodeInstant(expiresAt) }
}

export function encodePendingInvitation(invitation: PendingInvitation): PendingAnswer {
  const { id, email, role, createdByEmail, createdAt, expiresAt } = invitation
  return {
    id,
    email,
    role,
    created_by: createdByEmail,
    created_at: encodeInstant(createdAt),
    expires_at: encodeInstant(expiresAt),
  }
}

export function encodePreviewedInvitation(previewed: PreviewedInvitation): InvitationPreview {
  const { invitation, organisation, hasAccount } = previewed
  return {
    org_name: organisation.name,
    email: invitation.email,
    role: invitation.role,
    expires_at: encodeInstant(invitation.expiresAt),
    has_account: hasAccount,
  }
}
