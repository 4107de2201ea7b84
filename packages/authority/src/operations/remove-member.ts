// membership.remove: takes a person out of an organisation; anyone may take themselves out.
import {
  accessMember,
  closeInvitations,
  keepAnAdmin,
  requireMember,
  type FoundMember,
  type MemberReference,
} from './find-member.ts'
import type { Writing } from './operation.ts'

export const removeMember: Writing<MemberReference, FoundMember | undefined, FoundMember> = {
  name: 'membership.remove',
  mode: 'write',
  isUrgent: true,

  access: (scene, input) => accessMember(scene, input, { selfAllowed: true }),

  async run({ tx }, { input, subject }) {
    const found = requireMember(subject, input)
    await keepAnAdmin(tx, found)
    await closeInvitations(tx, found)
    await tx.memberships.delete(found.organisation.id, found.member.userId)
    return found
  },
}
