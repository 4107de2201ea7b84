// Encodes invitations as the contract's JSON.
import type {
  Invitation,
  InvitationPreview,
  OwnInvitation as OwnAnswer,
  PendingInvitation as PendingAnswer,
} from '@hallpass/client'

import type { OwnInvitation, PendingInvitation } from '../../domain/organisation.ts'
import type { Invited } from '../../operations/members/invite-member.ts'
import type { PreviewedInvitation } from '../../operations/members/preview-invitation.ts'
import { encodeInstant } from './encode.ts'

export function encodeInvited({ id, email, role, code, url, mailed, replaced, expiresAt }: Invited): Invitation {
  const secrets = { code: code.reveal(), url: url.reveal() }
  return { id, email, role, ...secrets, mailed, replaced, expires_at: encodeInstant(expiresAt) }
}

export function encodePendingInvitation(invitation: PendingInvitation): PendingAnswer {
  return { ...encodeCommon(invitation), email: invitation.email }
}

export function encodeOwnInvitation(invitation: OwnInvitation): OwnAnswer {
  return { ...encodeCommon(invitation), org_name: invitation.organisationName }
}

function encodeCommon(invitation: PendingInvitation) {
  const { id, role, createdByEmail, createdByProvenAt, createdAt, expiresAt } = invitation
  return {
    id,
    role,
    created_by: createdByEmail,
    created_by_proven: createdByEmail !== null && createdByProvenAt !== null,
    created_at: encodeInstant(createdAt),
    expires_at: encodeInstant(expiresAt),
  }
}

export function encodePreviewedInvitation(previewed: PreviewedInvitation): InvitationPreview {
  const { invitation, organisation, invitedBy, hasAccount } = previewed
  return {
    org_name: organisation.name,
    email: invitation.email,
    role: invitation.role,
    expires_at: encodeInstant(invitation.expiresAt),
    invited_by: invitedBy?.email ?? null,
    invited_by_proven: invitedBy !== undefined && invitedBy.emailProvenAt !== null,
    has_account: hasAccount,
  }
}
