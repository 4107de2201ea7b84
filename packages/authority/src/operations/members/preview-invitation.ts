// membership.preview: shows an invitation to the holder of its code, who is not logged in.
import type { Invitation, Organisation } from '../../domain/organisation.ts'
import type { Secret } from '../../domain/secret.ts'
import { hashCode, type User } from '../../domain/user.ts'
import { requireInvitation } from './accept-invitation.ts'
import { inquiries } from '../perform/limits.ts'
import type { OpenRead } from '../perform/operation.ts'

export interface PreviewedInvitation {
  readonly invitation: Invitation
  readonly organisation: Organisation
  readonly invitedBy: User | undefined
  /**
   * True if the address has an account to log in with. If not, the person signs up, or takes over an unproven account.
   */
  readonly hasAccount: boolean
}

export const previewInvitation: OpenRead<{ readonly code: Secret }, PreviewedInvitation> = {
  name: 'membership.preview',
  audience: 'anyone',
  mode: 'read',
  limits: inquiries,

  async run({ tx, now }, { input: { code } }) {
    const found = await requireInvitation(tx, hashCode(code.reveal()), now)
    const user = await tx.users.byEmail(found.invitation.email)
    const { createdBy } = found.invitation
    const invitedBy = createdBy === null ? undefined : await tx.users.byId(createdBy)
    const isTakenOver = found.provesAddress && user?.emailProvenAt === null
    return { ...found, invitedBy, hasAccount: user !== undefined && !isTakenOver }
  },
}
