// An OpenID provider that gives wrong answers: a server of the test, with ID tokens made as each test wants them.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair, type CryptoKey } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import type { IdentityProvider } from '../domain/identity.ts'
import { Secret } from '../domain/secret.ts'
import { createIdentityProvider } from './openid.ts'

const secrets = { state: 's'.repeat(43), nonce: 'n'.repeat(43), codeVerifier: 'v'.repeat(43) }
const redirectUri = 'http://127.0.0.1:1/web/oidc/callback'
const callback = () => new URL(`${redirectUri}?code=abc&state=${secrets.state}`)

interface Said {
  readonly claims?: Readonly<Record<string, unknown>>
  /** How far the provider's clock is ahead, in seconds. */
  readonly ahead?: number
  readonly lifetime?: number
  readonly signedBy?: CryptoKey
  readonly unsigned?: boolean
  readonly userinfo?: Readonly<Record<string, unknown>>
  readonly status?: number
  readonly discovery?: Readonly<Record<string, unknown>>
  readonly silent?: boolean
}

let server: Server
let issuer: string
let keys: { readonly own: CryptoKey; readonly other: CryptoKey; readonly jwk: object }
let said: Said = {}
let authorization: string | undefined
let body = ''

beforeAll(async () => {
  const own = await generateKeyPair('RS256', { extractable: true })
  const other = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(own.publicKey)), alg: 'RS256', use: 'sig', kid: 'k' }
  keys = { own: own.privateKey, other: other.privateKey, jwk }
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (said.silent === true) return
      const path = request.url ?? ''
      if (path === '/token') {
        authorization = request.headers.authorization
        body = Buffer.concat(chunks).toString()
      }
      void answer(path).then((json) => {
        response.writeHead(path === '/token' ? (said.status ?? 200) : 200, { 'content-type': 'application/json' })
        response.end(JSON.stringify(json))
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

async function answer(path: string): Promise<unknown> {
  if (path === '/jwks') return { keys: [keys.jwk] }
  if (path === '/userinfo') return { sub: 'ada', ...said.userinfo }
  if (path === '/token') {
    if (said.status !== undefined) return { error: 'invalid_grant' }
    return { access_token: 'access', token_type: 'Bearer', expires_in: 60, id_token: await idToken() }
  }
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    ...said.discovery,
  }
}

async function idToken(): Promise<string> {
  const { claims = {}, ahead = 0, lifetime = 300, signedBy = keys.own, unsigned = false } = said
  const now = Math.floor(Date.now() / 1000) + ahead
  const payload = {
    iss: issuer,
    sub: 'ada',
    aud: 'hallpass',
    nonce: secrets.nonce,
    iat: now,
    exp: now + lifetime,
    email: 'Ada@Example.com',
    email_verified: true,
    ...claims,
  }
  if (unsigned) return new UnsecuredJWT(payload).encode()
  return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'k' }).sign(signedBy)
}

let provider: IdentityProvider
beforeEach(() => {
  said = {}
  provider = createProvider(false)
})

function createProvider(trustsEmails: boolean): IdentityProvider {
  return createIdentityProvider({
    issuer: new URL(issuer),
    clientId: 'hallpass',
    clientSecret: new Secret('se cret'),
    name: 'Example ID',
    signUpDomains: [],
    trustsEmails,
    readEmail: (value) => (typeof value === 'string' && value.includes('@') ? value.toLowerCase() : undefined),
    now: Date.now,
  })
}

const finish = () => provider.finish(secrets, callback())
const refusal = (code: string) => ({ code: 'unauthenticated', refusal: code })

describe('an OpenID provider', () => {
  it('says who somebody is', async () => {
    expect(await finish()).toEqual({ issuer, subject: 'ada', verifiedEmail: 'ada@example.com' })
    expect(authorization).toBe(`Basic ${Buffer.from('hallpass:se+cret').toString('base64')}`)
    expect(new URLSearchParams(body).get('code_verifier')).toBe(secrets.codeVerifier)
    expect(new URLSearchParams(body).get('redirect_uri')).toBe(redirectUri)
  })

  it('is refused if the login is in the future, beyond the clock tolerance', async () => {
    said = { ahead: 3600 }
    await expect(finish()).rejects.toMatchObject(refusal('failed'))
    said = { ahead: 45 }
    expect(await finish()).toMatchObject({ subject: 'ada' })
  })

  it('gets the secret in the body, if it reads it only there', async () => {
    said = { discovery: { token_endpoint_auth_methods_supported: ['client_secret_post'] } }
    await finish()
    expect(authorization).toBeUndefined()
    expect(new URLSearchParams(body).get('client_secret')).toBe('se cret')
  })

  it('may give the address only at its userinfo endpoint', async () => {
    const userinfo = { email: 'ada@example.com', email_verified: true }
    said = { claims: { email: undefined, email_verified: undefined }, userinfo }
    expect((await finish()).verifiedEmail).toBe('ada@example.com')
    // Claims about another subject are ignored.
    said = { ...said, userinfo: { ...userinfo, sub: 'eve' } }
    await expect(finish()).rejects.toMatchObject(refusal('failed'))
  })

  it.each([false, 'false', 'True', '', 1, null, {}, ['true']])(
    'has not verified an address if it says anything else, even if the operator vouches: %j',
    async (value) => {
      said = { claims: { email_verified: value } }
      expect(await finish()).toMatchObject({ verifiedEmail: undefined, whyUnverified: expect.any(String) as string })
      provider = createProvider(true)
      expect((await finish()).verifiedEmail).toBeUndefined()
    },
  )

  it('may send the text "true", and the operator may vouch if it says nothing', async () => {
    said = { claims: { email_verified: 'true' } }
    expect((await finish()).verifiedEmail).toBe('ada@example.com')
    said = { claims: { email_verified: undefined } }
    expect(await finish()).toMatchObject({
      verifiedEmail: undefined,
      whyUnverified: expect.stringContaining('HALLPASS_OIDC_TRUST_EMAILS') as string,
    })
    provider = createProvider(true)
    expect((await finish()).verifiedEmail).toBe('ada@example.com')
    said = { claims: { email_verified: undefined, email: 'ada' } }
    expect((await finish()).verifiedEmail).toBeUndefined()
  })

  it('is quoted only in the log: its own codes, and what was wrong', async () => {
    said = { status: 400 }
    await expect(finish()).rejects.toMatchObject({ detail: expect.stringMatching(/^invalid_grant/) as string })
    const denied = new URL(
      `${redirectUri}?error=consent_required&error_description=ask+an%0aadmin&state=${secrets.state}`,
    )
    denied.searchParams.set('iss', issuer)
    await expect(provider.finish(secrets, denied)).rejects.toMatchObject({
      refusal: 'denied',
      message: expect.not.stringContaining('admin') as string,
      detail: expect.stringMatching(/^consent_required: ask an admin/) as string,
    })
  })

  it('is quoted without what it was sent and without email addresses', async () => {
    const quoted =
      'AADSTS50105: jane@corp.example eyJhbGciOiJSUzI1NiJ9abc code=SECRETCODE123&code_verifier=AASVVkJt auth=Basic Y2lkOnRvcHNlY3JldA== bearer xyz'
    const denied = new URL(`${redirectUri}?error=access_denied&state=${secrets.state}`)
    denied.searchParams.set('error_description', quoted)
    denied.searchParams.set('iss', issuer)
    const detail = await provider
      .finish(secrets, denied)
      .catch((error: unknown) => String(Reflect.get(Object(error), 'detail')))
    expect(detail).toContain('access_denied: AADSTS50105: [address]')
    expect(detail).not.toMatch(/jane|eyJ|SECRET|AASVV|Y2lk|xyz/)
  })

  it('may have a clock that is a minute off, and no more', async () => {
    for (const ahead of [45, -45]) {
      said = { ahead, lifetime: 1 }
      expect((await finish()).subject).toBe('ada')
    }
    said = { ahead: -120, lifetime: 1 }
    await expect(finish()).rejects.toMatchObject(refusal('failed'))
    said = { claims: { nbf: Math.floor(Date.now() / 1000) + 120 } }
    await expect(finish()).rejects.toMatchObject(refusal('failed'))
  })

  it.each<[string, () => Said]>([
    ['for another client', () => ({ claims: { aud: 'another' } })],
    ['of another issuer', () => ({ claims: { iss: 'https://evil.example' } })],
    ['for another login', () => ({ claims: { nonce: 'x'.repeat(43) } })],
    ['for no login', () => ({ claims: { nonce: undefined } })],
    ['for several clients, requested by another one', () => ({ claims: { aud: ['hallpass', 'x'], azp: 'x' } })],
    ['without a subject', () => ({ claims: { sub: undefined } })],
    ['with an empty subject', () => ({ claims: { sub: '' } })],
    ['with a subject that is too long', () => ({ claims: { sub: 'x'.repeat(256) } })],
    ['with a NUL in the subject', () => ({ claims: { sub: 'a\0b' } })],
    ['with half a surrogate pair in the subject', () => ({ claims: { sub: 'a\ud800' } })],
    ['without an expiry', () => ({ claims: { exp: undefined } })],
    ['signed with another key', () => ({ signedBy: keys.other })],
    ['without a signature', () => ({ unsigned: true })],
  ])('lets nobody in with a token %s', async (_, saying) => {
    said = saying()
    await expect(finish()).rejects.toMatchObject(refusal('failed'))
  })

  it.each<[string, Said, string]>([
    ['refuses the code', { status: 400 }, 'failed'],
    ['fails', { status: 503 }, 'unavailable'],
    ['calls itself something else', { discovery: { issuer: 'https://evil.example' } }, 'unavailable'],
  ])('that %s lets nobody in', async (_, saying, code) => {
    said = saying
    if (code === 'unavailable' && saying.status === undefined) {
      await expect(provider.authorizationUrl(secrets, redirectUri)).rejects.toMatchObject(refusal(code))
    } else {
      await expect(finish()).rejects.toMatchObject(refusal(code))
    }
  })

  it('that refuses: the error says who refused', async () => {
    const said = (error: string) => new URL(`${redirectUri}?error=${error}&state=${secrets.state}`)
    for (const [error, code] of [
      ['access_denied', 'denied'],
      ['login_required', 'denied'],
      ['server_error', 'unavailable'],
      ['temporarily_unavailable', 'unavailable'],
    ] as const) {
      await expect(provider.finish(secrets, said(error))).rejects.toMatchObject(refusal(code))
    }
  })

  it('that does not answer: the wait ends after five seconds', async () => {
    said = { silent: true }
    await expect(provider.authorizationUrl(secrets, redirectUri)).rejects.toMatchObject(refusal('unavailable'))
    said = {}
    expect((await provider.authorizationUrl(secrets, redirectUri)).origin).toBe(issuer)
  })

  it('refuses an answer with another state or from another issuer', async () => {
    const wrong = new URL(`${redirectUri}?code=abc&state=x`)
    await expect(provider.finish(secrets, wrong)).rejects.toMatchObject(refusal('failed'))
    const mixed = callback()
    mixed.searchParams.set('iss', 'https://evil.example')
    await expect(provider.finish(secrets, mixed)).rejects.toMatchObject(refusal('failed'))
  })

  it('repeats nothing that was sent in its errors', async () => {
    said = { claims: { nonce: 'x'.repeat(43) } }
    const error: unknown = await finish().catch((reason: unknown) => reason)
    expect(String(error)).not.toContain('xxx')
    expect(String(error)).not.toContain('se cret')
  })
})
