// passkey.list: the caller's own passkeys.
import type { Passkey } from '../../domain/passkey.ts'
import type { Use } from '../../domain/use.ts'
import type { ReadOperation } from '../perform/operation.ts'
import { expectPerson, personal } from '../perform/personal.ts'

export interface ListedPasskey extends Passkey {
  /** Null if nothing but its time is known. */
  readonly lastUse: Use | null
}

export const listPasskeys: ReadOperation<undefined, undefined, readonly ListedPasskey[]> = {
  name: 'passkey.list',
  mode: 'read',
  access: personal('passkeys'),

  async run({ tx }, { actor }) {
    expectPerson(actor)
    const uses = await tx.uses.ofUser(actor.user.id, 'passkey')
    const passkeys = await tx.passkeys.ofUser(actor.user.id)
    return passkeys.map((passkey) => ({ ...passkey, lastUse: uses.get(passkey.id) ?? null }))
  },
}
