// Passkeys (WebAuthn): adding, naming and deleting them, and logging in with one.
import { z } from 'zod'

import { routesOf } from './route.ts'
import { line, pathName, timestamp } from './text.ts'
import { sessionAnswer } from './users.ts'

const passkey = z
  .object({
    id: z.number().int(),
    name: z.string(),
    created_at: timestamp,
    last_used_at: timestamp.nullable(),
    last_used_ip: z.string().nullable().describe('Where the last login with it came from; null where it is not known.'),
    last_used_agent: z.string().nullable().describe('The program of that login, as it called itself.'),
  })
  .meta({ id: 'Passkey' })
export type Passkey = z.infer<typeof passkey>

/** Bytes as base64url without padding, as browsers write them in JSON. */
function bytes(longest: number) {
  return z
    .string()
    .min(1)
    .max(longest)
    .regex(/^[A-Za-z0-9_-]+$/, { error: 'is not base64url' })
}

const challengeId = bytes(64).describe('Names the challenge that is answered: valid for five minutes, and once.')
const credentialId = bytes(1364)
const clientData = bytes(8192)

// Browsers send more, and newer ones even more. Only the fields named here are read.
const creation = z
  .object({
    id: credentialId,
    response: z.object({
      clientDataJSON: clientData,
      attestationObject: bytes(32_768),
      transports: z
        .array(z.string().regex(/^[a-z-]{1,32}$/, { error: 'is not the name of a transport' }))
        .max(16)
        .optional(),
    }),
  })
  .describe('The RegistrationResponseJSON that PublicKeyCredential.toJSON() gives.')

const assertion = z
  .object({
    id: credentialId,
    response: z.object({
      clientDataJSON: clientData,
      authenticatorData: bytes(4096),
      signature: bytes(4096),
      userHandle: bytes(128).nullish(),
    }),
  })
  .describe('The AuthenticationResponseJSON that PublicKeyCredential.toJSON() gives.')

/** What a browser is asked; its own parser reads it. */
const ceremony = z.object({
  challenge_id: z.string(),
  options: z
    .record(z.string(), z.unknown())
    .describe('For parseCreationOptionsFromJSON or parseRequestOptionsFromJSON.'),
})
export type PasskeyCeremony = z.infer<typeof ceremony>

export const passkeyRoutes = routesOf('users', {
  listPasskeys: { summary: 'My passkeys, the eldest first', answer: z.object({ passkeys: z.array(passkey) }) },
  beginPasskey: { summary: 'What to ask an authenticator for, to add a passkey', answer: ceremony },

  addPasskey: {
    summary: 'Add the passkey that an authenticator has made',
    body: z.strictObject({ challenge_id: challengeId, name: line(80), response: creation }),
    status: 201,
    answer: passkey,
  },

  deletePasskey: {
    summary: 'Delete a passkey of mine; the last way in stays',
    params: z.object({ passkey_id: pathName }),
  },

  beginPasskeySignIn: {
    summary: 'What to ask an authenticator for, to log in with a passkey',
    authenticated: false,
    answer: ceremony,
  },

  signInWithPasskey: {
    summary: 'Log in with a passkey',
    authenticated: false,
    body: z.strictObject({ challenge_id: challengeId, response: assertion }),
    status: 201,
    answer: sessionAnswer,
  },
})
