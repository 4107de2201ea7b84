// From a browser's form of an authenticator's answers to the input of operations.
import type { routes } from '@hallpass/client/contract'
import type { z } from 'zod'

import type { AddPasskey } from '../../operations/accounts/add-passkey.ts'
import type { SignInWithPasskey } from '../../operations/accounts/sign-in-with-passkey.ts'

export function readCreation(body: z.output<typeof routes.addPasskey.body>): AddPasskey {
  const { challenge_id, name, response } = body
  const { clientDataJSON, attestationObject, transports = [] } = response.response
  const answer = { id: response.id, clientDataJson: clientDataJSON, attestationObject, transports }
  return { challengeId: challenge_id, name, answer }
}

export function readAssertion(body: z.output<typeof routes.signInWithPasskey.body>): Omit<SignInWithPasskey, 'from'> {
  const { challenge_id, response } = body
  const { clientDataJSON, authenticatorData, signature, userHandle } = response.response
  const answer = {
    id: response.id,
    clientDataJson: clientDataJSON,
    authenticatorData,
    signature,
    userHandle: userHandle ?? undefined,
  }
  return { challengeId: challenge_id, answer }
}
