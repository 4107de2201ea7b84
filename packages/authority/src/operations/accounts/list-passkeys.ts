// passkey.list: the caller's own passkeys.
import { DomainError } from '../../domain/errors.ts'
import type { Passkey } from '../../domain/passkey.ts'
import type { ReadOperation } from '../perform/operation.ts'

export const listPasskeys: ReadOperation<undefined, undefined, readonly Passkey[]> = {
  name: 'passkey.list',
  mode: 'read',

  async access() {
    return { subject: undefined, requirement: { kind: 'person' }, target: 'passkeys', organisationId: null }
  },

  async run({ tx }, { actor }) {
    if (actor.kind !== 'user') throw new DomainError('forbidden', 'a token has no passkeys')
    return tx.passkeys.ofUser(actor.user.id)
  },
}
