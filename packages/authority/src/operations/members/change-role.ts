// membership.change_role: makes a member an admin, or an admin a member.
import type { Member, Role } from '../../domain/organisation.ts'
import { accessMember, closeInvitations, keepAnAdmin, requireMember, type FoundMember } from './find-member.ts'
import type { WriteOperation } from '../perform/operation.ts'

export interface ChangeRole {
  readonly slug: string
  readonly email: string
  readonly role: Role
}

export const changeRole: WriteOperation<ChangeRole, FoundMember | undefined, Member> = {
  name: 'membership.change_role',
  mode: 'write',

  access: (context, input) => accessMember(context, input, { selfAllowed: false }),

  async run({ tx }, { input, subject }) {
    const found = requireMember(subject, input)
    const { organisation, member } = found
    if (input.role === 'member') {
      await keepAnAdmin(tx, found)
      await closeInvitations(tx, found)
    }
    await tx.memberships.setRole(organisation.id, member.userId, input.role)
    return { ...member, role: input.role }
  },
}
