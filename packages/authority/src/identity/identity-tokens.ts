// Checks identity tokens of CI services (RFC 7519, OpenID Connect Core §2): whose they are, by the keys that issuers publish.
import { hash } from 'node:crypto'

import type * as Jose from 'jose'

import { IdentityTokenError, type IdentityToken, type IdentityTokenVerifier } from '../domain/trust-policy.ts'
import { createIssuerKeys } from './issuer-keys.ts'

/** Seconds by which the clocks of issuers may differ. */
const leeway = 60
/** Seconds until the end of a token: it is remembered until then, so that it counts once. */
const longestLife = 86_400

export interface IdentityTokenOptions {
  /** The issuers that may be in a private network, exactly as tokens name them. */
  readonly privateIssuers: readonly string[]
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number
}

export function createIdentityTokenVerifier(options: IdentityTokenOptions): IdentityTokenVerifier {
  const { now } = options
  const exempt = new Set(options.privateIssuers)
  const keys = createIssuerKeys((issuer) => exempt.has(issuer), options.clock)

  async function check(jose: typeof Jose, text: string, issuer: string, set: Jose.JSONWebKeySet) {
    return jose.jwtVerify(text, jose.createLocalJWKSet(set), {
      issuer,
      algorithms: [...new Set(set.keys.flatMap(({ alg }) => alg ?? []))],
      clockTolerance: leeway,
      currentDate: new Date(now()),
      requiredClaims: ['exp', 'iat', 'sub', 'aud'],
    })
  }

  return {
    issuerOf: (token) => readIssuer(token.reveal()),

    async verify(token, issuer, lane) {
      expectIssuer(issuer, exempt)
      const jose = await import('jose')
      const text = token.reveal().trim()
      const set = await keys.get(issuer, lane)
      try {
        const checked = await check(jose, text, issuer, set).catch(async (error: unknown) => {
          if (!(error instanceof jose.errors.JWKSNoMatchingKey)) throw error
          const newer = await keys.get(issuer, lane, set)
          if (newer === set) throw error
          return check(jose, text, issuer, newer)
        })
        return toIdentityToken(text, issuer, checked.payload, now() / 1000)
      } catch (error) {
        if (error instanceof jose.errors.JOSEError)
          throw new IdentityTokenError(sentenceOf(jose, error), { cause: error })
        throw error
      }
    },

    async examine(issuer, lane) {
      expectIssuer(issuer, exempt)
      await keys.get(issuer, lane)
    },
  }
}

/** https, or http on this machine where the operator names the issuer. */
function expectIssuer(issuer: string, exempt: ReadonlySet<string>): void {
  const url = URL.parse(issuer)
  const isPlain = url !== null && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  if (isPlain && (url.protocol === 'https:' || (url.protocol === 'http:' && exempt.has(issuer)))) return
  throw new IdentityTokenError('the issuer is no https address without query, fragment and user')
}

function readIssuer(text: string): string {
  const [, payload = '', signature, ...more] = text.trim().split('.')
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as unknown
    const issuer: unknown = Reflect.get(Object(claims), 'iss')
    if (signature !== undefined && more.length === 0 && typeof issuer === 'string') return issuer
  } catch (error) {
    // The parser's message quotes the token.
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new IdentityTokenError('this is no identity token: it is not a signed JWT with an issuer')
}

function toIdentityToken(text: string, issuer: string, claims: Jose.JWTPayload, second: number): IdentityToken {
  const { jti, exp = 0, iat = 0 } = claims
  // The library compares it with the clock only where it is asked for an age.
  if (iat > second + leeway) throw new IdentityTokenError('the identity token was issued in the future')
  if (exp > second + longestLife + leeway) {
    throw new IdentityTokenError('the identity token lives for more than a day: issue it for minutes')
  }
  // Without the signature, which some algorithms let anybody write in several ways.
  const id = typeof jti === 'string' && jti !== '' ? `jti ${jti}` : `token ${text.slice(0, text.lastIndexOf('.'))}`
  return { issuer, claims, hash: hash('sha256', `${issuer} ${id}`, 'buffer'), endsAt: (exp + leeway) * 1000 }
}

/** What is wrong, in words of ours: the library's messages may quote the token. */
function sentenceOf({ errors }: typeof Jose, error: Jose.errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'the identity token has ended'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf') return 'the identity token has not begun'
    return error.reason === 'missing'
      ? `the identity token has no claim ${error.claim}`
      : `the claim ${error.claim} of the identity token is not as it must be`
  }
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return 'the signature of the identity token is not genuine'
  if (error instanceof errors.JWKSNoMatchingKey)
    return 'the identity token is signed with a key that its issuer does not publish'
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'the identity token does not say which key signed it'
  if (error instanceof errors.JOSEAlgNotAllowed)
    return 'the identity token is signed with an algorithm that the keys of its issuer are not for'
  return 'the identity token is damaged'
}
