// passkey.begin: hands out a challenge for a new passkey.
import { DomainError } from '../domain/errors.ts'
import { mostPasskeys } from '../domain/passkey.ts'
import type { Writing } from './operation.ts'
import { requireFreshProof } from './fresh-proof.ts'
import { beginCreation, type Ceremony } from './passkey-ceremony.ts'

export const beginPasskey: Writing<undefined, undefined, Ceremony> = {
  name: 'passkey.begin',
  mode: 'write',

  async access() {
    return { subject: undefined, requirement: { kind: 'person' }, target: 'passkey', organisationId: null }
  },

  async run(scene, { actor }) {
    if (actor.kind !== 'user') throw new DomainError('forbidden', 'a token has no passkeys')
    requireFreshProof(actor, scene.now)
    const owned = await scene.tx.passkeys.ofUser(actor.user.id)
    if (owned.length >= mostPasskeys) {
      throw new DomainError('conflict', `you have ${mostPasskeys} passkeys, and more there cannot be: delete one first`)
    }
    return beginCreation(scene, actor.user, owned)
  },
}
