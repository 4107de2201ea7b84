// membership.preview: what an invitation is to, for whoever holds its code and has not logged in.
import type { Invitation, Organisation } from '../../domain/organisation.ts'
import type { Secret } from '../../domain/secret.ts'
import { hashCode, type User } from '../../domain/user.ts'
import { requireInvitation } from './accept-invitation.ts'
import { limitInquiries } from '../perform/limits.ts'
import type { Inquiry } from '../perform/operation.ts'

export interface PreviewedInvitation {
  readonly invitation: Invitation
  readonly organisation: Organisation
  readonly invitedBy: User | undefined
  /** Whether to log in with an account of this address; else one signs up, and takes over one that nobody has proven. */
  readonly hasAccount: boolean
}

export const previewInvitation: Inquiry<{ readonly code: Secret }, PreviewedInvitation> = {
  name: 'membership.preview',

  async answer(environment, { code }, caller) {
    limitInquiries(environment, caller, 'preview')
    return environment.store.read(async (tx) => {
      const found = await requireInvitation(tx, hashCode(code.reveal()), environment.now())
      const user = await tx.users.byEmail(found.invitation.email)
      const { createdBy } = found.invitation
      const invitedBy = createdBy === null ? undefined : await tx.users.byId(createdBy)
      const isTakenOver = found.provesAddress && user?.emailProvenAt === null
      return { ...found, invitedBy, hasAccount: user !== undefined && !isTakenOver }
    })
  },
}
