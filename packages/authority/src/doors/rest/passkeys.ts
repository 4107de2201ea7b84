// The handlers for passkeys.
import type { Passkey as PasskeyAnswer } from '@hallpass/client'

import { addPasskey } from '../../operations/accounts/add-passkey.ts'
import { beginPasskeySignIn } from '../../operations/accounts/begin-passkey-sign-in.ts'
import { beginPasskey } from '../../operations/accounts/begin-passkey.ts'
import { deletePasskey } from '../../operations/accounts/delete-passkey.ts'
import { listPasskeys, type ListedPasskey } from '../../operations/accounts/list-passkeys.ts'
import type { Ceremony } from '../../operations/accounts/passkey-ceremony.ts'
import { signInWithPasskey } from '../../operations/accounts/sign-in-with-passkey.ts'
import { readAssertion, readCreation } from '../http/passkeys.ts'
import { sessionFrom } from './accounts.ts'
import { encodeInstant, encodeSession } from './encode.ts'
import type { Handlers } from '../http/handler.ts'

type Names =
  | 'listPasskeys'
  | 'beginPasskey'
  | 'addPasskey'
  | 'deletePasskey'
  | 'beginPasskeySignIn'
  | 'signInWithPasskey'

export const passkeyHandlers: Handlers<Names> = {
  async listPasskeys(_input, { perform }) {
    return { passkeys: (await perform(listPasskeys, undefined)).map(encodePasskey) }
  },

  async beginPasskey(_input, { perform }) {
    return encodeCeremony(await perform(beginPasskey, undefined))
  },

  async addPasskey({ body }, { perform }) {
    return encodePasskey({ ...(await perform(addPasskey, readCreation(body))), lastUse: null })
  },

  deletePasskey: ({ params }, { perform }) => perform(deletePasskey, { id: params.passkey_id }),

  async beginPasskeySignIn(_input, { perform }) {
    return encodeCeremony(await perform(beginPasskeySignIn, undefined))
  },

  async signInWithPasskey({ body }, { perform, userAgent }) {
    const input = { ...readAssertion(body), from: sessionFrom(userAgent) }
    return encodeSession(await perform(signInWithPasskey, input))
  },
}

function encodePasskey({ id, name, createdAt, lastUsedAt, lastUse }: ListedPasskey): PasskeyAnswer {
  return {
    id,
    name,
    created_at: encodeInstant(createdAt),
    last_used_at: lastUsedAt === null ? null : encodeInstant(lastUsedAt),
    last_used_ip: lastUse && lastUse.address,
    last_used_agent: lastUse && lastUse.userAgent,
  }
}

function encodeCeremony({ challengeId, options }: Ceremony) {
  return { challenge_id: challengeId, options }
}
