import { generateKeyPairSync } from 'node:crypto'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Passkey, PasskeyAssertion, PasskeyCreation } from '../domain/passkey.ts'
import { createPasskeyVerifier } from './passkeys.ts'
import {
  cborBytes,
  cborText,
  createAuthenticator,
  type AssertionJson,
  type CreationJson,
  type Lies,
} from './testing/authenticator.ts'

const party = { id: 'hallpass.example', origin: 'https://hallpass.example' }
const challenge = Buffer.alloc(32, 7).toString('base64url')
const verifier = createPasskeyVerifier()

function creation({ id, response }: CreationJson): PasskeyCreation {
  const { clientDataJSON, attestationObject, transports } = response
  return { id, clientDataJson: clientDataJSON, attestationObject, transports }
}

function assertion({ id, response }: AssertionJson): PasskeyAssertion {
  const { clientDataJSON, authenticatorData, signature, userHandle } = response
  return { id, clientDataJson: clientDataJSON, authenticatorData, signature, userHandle }
}

const creationOptions = { rp: { id: party.id }, user: { id: 'dXNlcg' }, challenge }
const requestOptions = { rpId: party.id, challenge }

async function register(signCount = 0) {
  const authenticator = createAuthenticator(party.origin)
  const made = await verifier.verifyCreation(creation(authenticator.create(creationOptions)), party)
  if ('refused' in made) throw made.refused
  const passkey: Passkey = {
    id: 1,
    userId: 1,
    credentialId: made.credentialId,
    publicKey: made.publicKey,
    signCount,
    transports: [],
    name: 'x',
    createdAt: 1,
    lastUsedAt: null,
  }
  return { authenticator, made, passkey }
}

/** What a page, a browser or an authenticator may get wrong, and must be refused for. */
const lies: Readonly<Record<string, Lies>> = {
  'another origin': { origin: 'https://evil.example' },
  'a sub-domain': { origin: 'https://www.hallpass.example' },
  'another port': { origin: 'https://hallpass.example:444' },
  'no TLS': { origin: 'http://hallpass.example' },
  'another relying party': { rpId: 'evil.example' },
  'a frame in another page': { crossOrigin: true },
  'no user present': { flags: 0x04 },
}

describe('making a passkey', () => {
  it('returns its key, id, count and challenge', async () => {
    const { authenticator, made } = await register()
    expect(Buffer.from(made.credentialId).toString('base64url')).toBe(authenticator.credentialId)
    expect(made).toMatchObject({ challenge, signCount: 0 })
    expect(made.publicKey.length).toBeGreaterThan(70)
  })

  it('does not require user verification', async () => {
    const answer = createAuthenticator(party.origin).create(creationOptions, { flags: 0x01 })
    expect(await verifier.verifyCreation(creation(answer), party)).toHaveProperty('challenge')
  })

  it('says what was wrong, for the operator', async () => {
    const reported = async (lie: Lies) =>
      verifier.verifyCreation(creation(createAuthenticator(party.origin).create(creationOptions, lie)), party)
    const words = (...said: readonly string[]) => ({
      refused: { message: expect.stringMatching(new RegExp(said.join('.*'))) as string },
    })
    expect(await reported({ origin: 'https://evil.example' })).toMatchObject(words('evil.example', 'hallpass.example'))
    expect(await reported({ rpId: 'evil.example' })).toMatchObject(words('RP ID'))
  })

  it.each(Object.entries({ ...lies, 'another ceremony': { type: 'webauthn.get' } }))('refuses %s', async (_, lie) => {
    const answer = createAuthenticator(party.origin).create(creationOptions, lie)
    expect(await verifier.verifyCreation(creation(answer), party)).toHaveProperty('refused')
  })

  it('refuses client data that has a member twice', async () => {
    const answer = creation(createAuthenticator(party.origin).create(creationOptions))
    const text = Buffer.from(answer.clientDataJson, 'base64url').toString()
    const clientDataJson = Buffer.from(text.replace('{', '{"challenge":"another",')).toString('base64url')
    expect(await verifier.verifyCreation({ ...answer, clientDataJson }, party)).toHaveProperty('refused')
    // An unknown member is allowed.
    const extended = Buffer.from(text.replace('{', '{"other":"one",')).toString('base64url')
    expect(await verifier.verifyCreation({ ...answer, clientDataJson: extended }, party)).toHaveProperty('challenge')
  })

  it('refuses an id that differs from the signed one', async () => {
    const answer = creation(createAuthenticator(party.origin).create(creationOptions))
    expect(
      await verifier.verifyCreation({ ...answer, id: Buffer.alloc(32).toString('base64url') }, party),
    ).toHaveProperty('refused')
  })

  it('reads no attestation statement, because its certificates name addresses to fetch', async () => {
    const chain = Buffer.concat([
      cborText('alg'),
      Buffer.from([0x26]),
      cborText('sig'),
      cborBytes(Buffer.alloc(70)),
      cborText('x5c'),
      Buffer.from([0x81]),
      cborBytes(Buffer.alloc(200)),
    ])
    for (const format of ['packed', 'tpm', 'android-key', 'android-safetynet', 'fido-u2f', 'apple', 'compound']) {
      const statement = [cborText('fmt'), cborText(format), cborText('attStmt'), Buffer.from([0xa3]), chain]
      const answer = createAuthenticator(party.origin).create(creationOptions, {
        attestation: Buffer.concat(statement),
      })
      expect(await verifier.verifyCreation(creation(answer), party), format).toHaveProperty('refused')
    }
  })

  it('refuses a malformed answer', async () => {
    const good = creation(createAuthenticator(party.origin).create(creationOptions))
    const bytes = fc.uint8Array({ maxLength: 300 }).map((some) => Buffer.from(some).toString('base64url'))
    await fc.assert(
      fc.asyncProperty(bytes, fc.constantFrom('clientDataJson', 'attestationObject', 'id'), async (text, field) => {
        expect(await verifier.verifyCreation({ ...good, [field]: text }, party)).toHaveProperty('refused')
      }),
    )
  })
})

describe('using a passkey', () => {
  it('returns the challenge and the next count', async () => {
    const { authenticator, passkey } = await register()
    const answer = assertion(authenticator.get(requestOptions))
    expect(await verifier.verifyAssertion(answer, party, passkey)).toEqual({ challenge, signCount: 1 })
  })

  it('accepts an authenticator that does not count', async () => {
    const { authenticator, passkey } = await register()
    const answer = assertion(authenticator.get(requestOptions, { counter: 0 }))
    expect(await verifier.verifyAssertion(answer, party, passkey)).toEqual({ challenge, signCount: 0 })
  })

  it.each(
    Object.entries({
      ...lies,
      'another ceremony': { type: 'webauthn.create' },
      'a count that stands still': { counter: 5 },
      'a count that goes back': { counter: 4 },
      'a count that went back to 0': { counter: 0 },
      'the signature of another key': { signedBy: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey },
    }),
  )('refuses %s', async (_, lie) => {
    const { authenticator, passkey } = await register(5)
    expect(
      await verifier.verifyAssertion(
        assertion(authenticator.get(requestOptions, { counter: 6, ...lie })),
        party,
        passkey,
      ),
    ).toHaveProperty('refused')
  })

  it('refuses an answer with one changed bit', async () => {
    const { authenticator, passkey } = await register()
    const good = assertion(authenticator.get(requestOptions))
    const field = fc.constantFrom('clientDataJson', 'authenticatorData', 'signature')
    await fc.assert(
      fc.asyncProperty(field, fc.nat(), async (name, at) => {
        const bytes = Buffer.from(good[name as 'signature'], 'base64url')
        // A signature is changed only within its first number, because libraries read more than one DER spelling.
        const [first, bits] = name === 'signature' ? [48, 192] : [0, bytes.length * 8]
        const bit = first + (at % bits)
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const bad = { ...good, [name]: bytes.toString('base64url') }
        expect(await verifier.verifyAssertion(bad, party, passkey)).toHaveProperty('refused')
      }),
    )
  })
})
