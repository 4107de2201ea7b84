// passkey.create: adds a passkey that an authenticator has made.
import { DomainError } from '../../domain/errors.ts'
import {
  mostPasskeys,
  type Passkey,
  type PasskeyCreation,
  type PasskeyRefused,
  type VerifiedCreation,
} from '../../domain/passkey.ts'
import { requireFreshProof } from './fresh-proof.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { expectPerson, personal } from '../perform/personal.ts'
import { requireRelyingParty, takeChallenge } from './passkey-ceremony.ts'
import { findUser } from '../perform/principal.ts'

export interface AddPasskey {
  readonly challengeId: string
  readonly name: string
  readonly answer: PasskeyCreation
}

export const addPasskey: WriteOperation<AddPasskey, undefined, Passkey, VerifiedCreation | PasskeyRefused | undefined> =
  {
    name: 'passkey.create',
    mode: 'write',

    async prepare({ environment }, { answer }, principal) {
      // A token is refused in `run`, whatever it sends.
      if (findUser(principal) === undefined) return undefined
      return environment.passkeys.verifyCreation(answer, requireRelyingParty(environment))
    },

    access: personal(({ name }) => `passkey ${name}`),

    async run({ tx, now }, { input: { challengeId, name, answer }, actor, prepared }) {
      expectPerson(actor)
      requireFreshProof(actor, now)
      if (prepared === undefined || 'refused' in prepared) {
        throw new DomainError('invalid', "this is not an authenticator's answer to one of our pages", {
          field: 'response',
          cause: prepared?.refused,
        })
      }
      const { challenge, credentialId, publicKey, signCount } = prepared
      const userId = actor.user.id
      await takeChallenge(tx, now, { challengeId, challenge, userId })
      if ((await tx.passkeys.ofUser(userId)).length >= mostPasskeys) {
        throw new DomainError('conflict', `you have ${mostPasskeys} passkeys, the most you can have`)
      }
      const { transports } = answer
      return tx.passkeys.insert({
        userId,
        credentialId,
        publicKey,
        signCount,
        transports,
        name,
        createdAt: now,
        lastUsedAt: null,
      })
    },
  }
