// Records the first proof of an address: the account passes from anybody who had it before to the owner.
import { hash } from 'node:crypto'

import type { AuditEvent } from '../../domain/audit-event.ts'
import { keptMembershipLifetime } from '../../domain/organisation.ts'
import type { Transaction } from '../../domain/store.ts'
import type { AddressProof, User } from '../../domain/user.ts'
import type { OpenContext } from '../perform/operation.ts'

/**
 * Returns the user with a proven address. The first proof ends everything that opened the account before. What a
 * stranger may have done with it does not continue in the owner's name: see decisions/0014-unproven-addresses.md.
 */
export async function proveAddress(
  { tx, environment, now, caller: { requestId } }: OpenContext<Transaction>,
  user: User,
  by: AddressProof,
): Promise<User> {
  if (user.emailProvenAt !== null) return user
  await endWaysIn(tx, user)
  await tx.identities.deleteOfUser(user.id)
  const event = {
    at: now,
    outcome: 'allowed',
    actor: { kind: 'user', id: String(user.id), label: user.email },
    reason: '',
    requestId,
  } as const satisfies Partial<AuditEvent>
  for (const [position, { organisation, role }] of (await tx.organisations.ofUser(user.id)).entries()) {
    // Others are answered between the steps, but their writes wait for all of them.
    if (position % step === step - 1) await environment.pause()
    const { id: organisationId, personalOf } = organisation
    if (personalOf === user.id) {
      await tx.tokens.revokeOfOrganisation(organisationId, now, user.email)
      continue
    }
    await tx.invitations.closeBy(organisationId, user.id)
    await tx.invitations.closeOf(organisationId, user.email)
    await tx.memberships.delete(organisationId, user.id)
    // Without a code: the owner finds it among their invitations and can accept it.
    await tx.invitations.insert({
      organisationId,
      email: user.email,
      role,
      codeHash: hash('sha256', environment.randomBytes(32), 'buffer'),
      mailCodeHash: null,
      createdBy: null,
      createdAt: now,
      expiresAt: now + keptMembershipLifetime,
      acceptedAt: null,
    })
    await tx.audit.append({ ...event, organisationId, operation: 'membership.suspend', target: `member ${user.email}` })
  }
  await tx.users.prove(user.id, now, by)
  await tx.audit.append({
    ...event,
    organisationId: null,
    operation: 'user.take_over',
    target: `user ${user.email}, proven by ${by}`,
  })
  return { ...user, emailProvenAt: now }
}

/** Organisations that are left in one step: about five milliseconds. */
const step = 50

/** Ends logins, passkeys, the password, and everything approved or begun; identities at a provider stay. */
export async function endWaysIn(tx: Transaction, { id }: User): Promise<void> {
  // Ids begin with 1, so this deletes all.
  await tx.sessions.deleteOthers(id, 0)
  await tx.cliLogins.deleteApprovedBy(id)
  await tx.passkeys.deleteOfUser(id)
  await tx.passkeyChallenges.deleteOfUser(id)
  await tx.dischargeRequests.deleteOfUser(id)
  await tx.passwordResets.deleteOfUser(id)
  await tx.users.setPasswordHash(id, null)
}
