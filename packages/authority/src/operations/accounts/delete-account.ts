// user.delete: deletes an account with its personal organisation; tokens of shared organisations stay.
import type { AuditActor } from '../../domain/audit-event.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Organisation } from '../../domain/organisation.ts'
import type { ReadTransaction, Transaction } from '../../domain/store.ts'
import { describeUser, type User } from '../../domain/user.ts'
import { closeInvitations } from '../members/find-member.ts'
import { requireFreshProof } from './fresh-proof.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { expectPerson, personal } from '../perform/personal.ts'
import { endWaysIn } from './prove-address.ts'

export const deleteAccount: WriteOperation<undefined, undefined, undefined> = {
  name: 'user.delete',
  mode: 'write',
  access: personal('account'),

  async run({ tx, now }, { actor }) {
    expectPerson(actor)
    requireFreshProof(actor, now)
    const orphans = await findOrphans(tx, actor.user)
    if (orphans.length > 0) {
      const names = orphans.map(({ slug }) => slug).join(', ')
      throw new DomainError(
        'conflict',
        `you are the last admin of ${names}: make somebody else an admin there first, or delete the organization`,
      )
    }
    const self = { kind: 'user', id: String(actor.user.id), label: describeUser(actor.user) } as const
    await removeAccount(tx, actor.user, { now, by: self })
    return undefined
  },
}

/** The shared organisations that would have no admin left. */
export async function findOrphans(tx: ReadTransaction, user: User): Promise<readonly Organisation[]> {
  const orphans: Organisation[] = []
  for (const { organisation, role } of await tx.organisations.ofUser(user.id)) {
    const isShared = organisation.personalOf === null
    if (isShared && role === 'admin' && !(await tx.memberships.hasOtherAdmin(organisation.id, user.id))) {
      orphans.push(organisation)
    }
  }
  return orphans
}

/** Removes the account and its memberships; the trail of each organisation records it. */
export async function removeAccount(
  tx: Transaction,
  user: User,
  { now, by }: { readonly now: number; readonly by: AuditActor },
): Promise<void> {
  for (const { organisation, role } of await tx.organisations.ofUser(user.id)) {
    if (organisation.personalOf === user.id) {
      await tx.machines.destroyOfOrganisation(organisation.id, now)
      await tx.volumes.destroyOfOrganisation(organisation.id, now)
      await tx.organisations.delete(organisation.id)
      continue
    }
    const member = { userId: user.id, email: user.email, emailProvenAt: user.emailProvenAt, role, joinedAt: 0 }
    await closeInvitations(tx, { organisation, member })
    await tx.memberships.delete(organisation.id, user.id)
    await tx.audit.append({
      at: now,
      organisationId: organisation.id,
      operation: 'membership.remove',
      outcome: 'allowed',
      actor: by,
      target: `member ${user.email}`,
      reason: 'the account was deleted',
      requestId: '',
    })
  }
  await endWaysIn(tx, user)
  await tx.identities.deleteOfUser(user.id)
  await tx.users.delete(user.id, now)
}
