// passkey.delete: deletes a passkey, unless it is the only way in.
import { DomainError } from '../../domain/errors.ts'
import type { Passkey } from '../../domain/passkey.ts'
import { requireFreshProof } from './fresh-proof.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { expectPerson } from '../perform/personal.ts'
import { findUser } from '../perform/principal.ts'

export const deletePasskey: WriteOperation<{ readonly id: string }, Passkey | undefined, undefined> = {
  name: 'passkey.delete',
  mode: 'write',
  isUrgent: true,

  async access({ tx, principal }, { id }) {
    const user = findUser(principal)
    const owned = user === undefined ? [] : await tx.passkeys.ofUser(user.id)
    const subject = owned.find((passkey) => String(passkey.id) === id)
    const target = subject === undefined ? 'passkey' : `passkey ${subject.name}`
    return { subject, requirement: { kind: 'person' }, target, organisationId: null }
  },

  async run({ tx, environment: { identityProvider }, now }, { subject: passkey, actor }) {
    if (passkey === undefined) throw new DomainError('not_found', 'you have no such passkey')
    expectPerson(actor)
    requireFreshProof(actor, now)
    const { userId } = passkey
    const otherWayIn =
      typeof (await tx.users.passwordHash(userId)) === 'string' ||
      (await tx.passkeys.ofUser(userId)).length > 1 ||
      (identityProvider !== undefined && (await tx.identities.exists(userId, identityProvider.issuer)))
    if (!otherWayIn) {
      throw new DomainError('conflict', 'this is your only way in: set a password or add another passkey first')
    }
    await tx.passkeys.delete(passkey.id)
    return undefined
  },
}
