// passkey.begin: issues a challenge for a new passkey.
import { DomainError } from '../../domain/errors.ts'
import { mostPasskeys } from '../../domain/passkey.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { expectPerson, personal } from '../perform/personal.ts'
import { requireFreshProof } from './fresh-proof.ts'
import { beginCreation, type Ceremony } from './passkey-ceremony.ts'

export const beginPasskey: WriteOperation<undefined, undefined, Ceremony> = {
  name: 'passkey.begin',
  mode: 'write',
  access: personal('passkey'),

  async run(context, { actor }) {
    expectPerson(actor)
    requireFreshProof(actor, context.now)
    const owned = await context.tx.passkeys.ofUser(actor.user.id)
    if (owned.length >= mostPasskeys) {
      throw new DomainError('conflict', `you have ${mostPasskeys} passkeys, the most you can have: delete one first`)
    }
    return beginCreation(context, actor.user, owned)
  },
}
