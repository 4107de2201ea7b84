// membership.remove: removes a person from an organisation; everybody may remove themselves.
import {
  accessMember,
  closeInvitations,
  keepAnAdmin,
  requireMember,
  type FoundMember,
  type MemberReference,
} from './find-member.ts'
import type { WriteOperation } from '../perform/operation.ts'

export const removeMember: WriteOperation<MemberReference, FoundMember | undefined, FoundMember> = {
  name: 'membership.remove',
  mode: 'write',
  isUrgent: true,

  access: (context, input) => accessMember(context, input, { selfAllowed: true }),

  async run({ tx }, { input, subject }) {
    const found = requireMember(subject, input)
    await keepAnAdmin(tx, found)
    await closeInvitations(tx, found)
    await tx.memberships.delete(found.organisation.id, found.member.userId)
    return found
  },
}
