// passkey.list: the caller's own passkeys.
import type { Passkey } from '../../domain/passkey.ts'
import type { ReadOperation } from '../perform/operation.ts'
import { expectPerson, personal } from '../perform/personal.ts'

export const listPasskeys: ReadOperation<undefined, undefined, readonly Passkey[]> = {
  name: 'passkey.list',
  mode: 'read',
  access: personal('passkeys'),

  async run({ tx }, { actor }) {
    expectPerson(actor)
    return tx.passkeys.ofUser(actor.user.id)
  },
}
