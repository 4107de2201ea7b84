// Passkeys of an authenticator in software, added and used through the authority's own routes.
import type { Passkey } from '@hallpass/client'
import { routes } from '@hallpass/client/contract'
import type { Page } from 'playwright-core'

import {
  createAuthenticator,
  type Authenticator,
  type Lies,
} from '../packages/authority/src/identity/testing/authenticator.ts'
import { expectAnswer, type Answer, type Ask } from './http.ts'

export interface MadePasskey {
  readonly authenticator: Authenticator
  /** What adds it. */
  readonly body: { readonly challenge_id: string; readonly name: string; readonly response: unknown }
}

/** A passkey that an authenticator has made for this person, and that was not added yet. */
export async function makePasskey(ask: Ask, origin: string, token: string, lies: Lies = {}): Promise<MadePasskey> {
  const begun = expectAnswer(routes.beginPasskey, await ask('POST', '/v1/passkeys/options', { token }))
  const authenticator = createAuthenticator(origin)
  const response = authenticator.create(begun.options, lies)
  return { authenticator, body: { challenge_id: begun.challenge_id, name: 'laptop', response } }
}

export async function addPasskey(
  ask: Ask,
  origin: string,
  token: string,
): Promise<Passkey & { readonly authenticator: Authenticator }> {
  const { authenticator, body } = await makePasskey(ask, origin, token)
  const passkey = expectAnswer(routes.addPasskey, await ask('POST', '/v1/passkeys', { token, body }))
  return { ...passkey, authenticator }
}

/** What logs in with the authenticator's passkey. */
export async function answerChallenge(ask: Ask, authenticator: Authenticator, lies: Lies = {}) {
  const begun = await ask('POST', '/v1/sessions/passkey-options')
  const { challenge_id, options } = expectAnswer(routes.beginPasskeySignIn, begun)
  return { challenge_id, response: authenticator.get(options, lies) }
}

export async function logInWith(ask: Ask, authenticator: Authenticator, lies: Lies = {}): Promise<Answer> {
  return ask('POST', '/v1/sessions/passkey', { body: await answerChallenge(ask, authenticator, lies) })
}

/** Gives the page's browser a device of its own, which always agrees. */
export async function addAuthenticator(page: Page): Promise<void> {
  const devices = await page.context().newCDPSession(page)
  await devices.send('WebAuthn.enable')
  await devices.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
}
