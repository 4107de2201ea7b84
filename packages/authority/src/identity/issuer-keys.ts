// The keys that issuers of identity tokens publish (OpenID Connect Discovery 1.0 §4, RFC 7517), remembered for a while.
import { createPublicKey } from 'node:crypto'

import type { JSONWebKeySet, JWK } from 'jose'
import { z } from 'zod'

import { describeCause } from '../domain/cause.ts'
import { createFairQueue } from '../domain/fair-queue.ts'
import { IdentityTokenError } from '../domain/trust-policy.ts'
import { fetchDocument, PrivateAddressError } from './fetch-document.ts'

export interface IssuerKeys {
  /**
   * The keys of the issuer, each with the one algorithm that it is for. `unless` are keys that turned out to lack the
   * wanted one: newer ones are fetched, if those are not new themselves. `lane`: in whose name the issuer is asked.
   * @throws IdentityTokenError
   */
  get(issuer: string, lane: string, unless?: JSONWebKeySet): Promise<JSONWebKeySet>
}

/** Milliseconds. Issuers publish a new key long before they sign with it. */
const longestMemory = 600_000
/** Milliseconds in which an issuer is not asked again for a key that it did not have. */
const shortestMemory = 30_000
/** Milliseconds for which a failure is remembered. */
const failureMemory = 10_000
const mostIssuers = 256
const mostKeys = 32
/** Issuers asked at once; the organisations that ask take turns. */
const atOnce = 16

interface Remembered {
  readonly found: JSONWebKeySet | IdentityTokenError
  readonly at: number
}

/**
 * @param mayBePrivate whether the operator lets this issuer be in a private network
 * @param clock milliseconds of a monotonic clock
 */
export function createIssuerKeys(mayBePrivate: (issuer: string) => boolean, clock: () => number): IssuerKeys {
  const memory = new Map<string, Remembered>()
  const queue = createFairQueue({
    atOnce,
    longest: 1000,
    refuse: () =>
      new IdentityTokenError('too many issuers are asked for their keys at this moment', { isPassing: true }),
  })

  function recall(issuer: string, unless: JSONWebKeySet | undefined): Remembered['found'] | undefined {
    const known = memory.get(issuer)
    if (known === undefined) return undefined
    const age = clock() - known.at
    const most = known.found instanceof Error ? failureMemory : known.found === unless ? shortestMemory : longestMemory
    return age < most ? known.found : undefined
  }

  async function fetchKeys(issuer: string): Promise<Remembered['found']> {
    const isExempt = mayBePrivate(issuer)
    try {
      const at = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
      const described = configuration.safeParse(await fetchDocument(at, isExempt))
      if (!described.success) throw new Error('its openid-configuration has no issuer, or no jwks_uri')
      if (described.data.issuer !== issuer) throw new Error('its openid-configuration is of another issuer')
      const address = new URL(described.data.jwks_uri)
      const isOfIssuer = address.origin === at.origin
      if (address.protocol !== 'https:' && !(isOfIssuer && isExempt)) throw new Error('its jwks_uri is not https')
      const keys = keySet.safeParse(await fetchDocument(address, isExempt && isOfIssuer))
      if (!keys.success) throw new Error('what its jwks_uri names is no set of keys')
      const usable = keys.data.keys.slice(0, mostKeys).flatMap(withAlgorithm)
      if (usable.length === 0) throw new Error('it publishes no key for signatures that is known here')
      return { keys: usable }
    } catch (error) {
      if (error instanceof PrivateAddressError) {
        return new IdentityTokenError(
          'the issuer is in a private network: the operator allows it with --private-issuers',
        )
      }
      const said = describeCause({ cause: error }) ?? 'it does not answer'
      return new IdentityTokenError(`the keys of the issuer cannot be read: ${said}`, { cause: error, isPassing: true })
    }
  }

  async function find(issuer: string, lane: string, unless: JSONWebKeySet | undefined): Promise<Remembered['found']> {
    const known = recall(issuer, unless)
    if (known !== undefined) return known
    return queue.run({ lane, key: issuer }, async () => {
      // Others may have fetched them meanwhile.
      const again = recall(issuer, unless)
      if (again !== undefined) return again
      const found = await fetchKeys(issuer)
      memory.delete(issuer)
      const [oldest] = memory.size < mostIssuers ? [] : memory.keys()
      if (oldest !== undefined) memory.delete(oldest)
      memory.set(issuer, { found, at: clock() })
      return found
    })
  }

  return {
    async get(issuer, lane, unless) {
      const found = await find(issuer, lane, unless)
      if (found instanceof Error) throw found
      return found
    },
  }
}

const configuration = z.object({ issuer: z.string(), jwks_uri: z.url() })
const keySet = z.object({ keys: z.array(z.unknown()) })
const text = z.string().max(512).exactOptional()
const publicKey = z.object({
  kty: z.string(),
  crv: text,
  alg: text,
  use: text,
  kid: text,
  // 8192 bits.
  n: z.string().max(1366).exactOptional(),
  e: text,
  x: text,
  y: text,
})

/**
 * The key with the algorithm that it is for, so that a token cannot choose; none for a key that is not for signatures, is
 * secret, or takes long to verify with. What a key does not say is the usual: RS256 (OpenID Connect Core §3.1.3.7).
 */
function withAlgorithm(given: unknown): readonly JWK[] {
  const key = publicKey.safeParse(given).data
  if (key === undefined) return []
  const { kty, crv, alg, use, n, e } = key
  const known = algorithms.get(kty === 'RSA' ? 'RSA' : (crv ?? ''))
  const chosen = alg ?? known?.[0]
  if (known === undefined || chosen === undefined || !known.includes(chosen)) return []
  if (use !== undefined && use !== 'sig') return []
  // 2048 bits at least, and an exponent of four bytes at most.
  if (kty === 'RSA' && !(n !== undefined && n.length >= 342 && (e?.length ?? 9) <= 6)) return []
  return isKey(key) ? [{ ...key, alg: chosen, use: 'sig' }] : []
}

/** Whether it is a key at all: one that is none would fail only once a token names it. */
function isKey(key: JWK): boolean {
  try {
    const { modulusLength = 2048 } = createPublicKey({ key, format: 'jwk' }).asymmetricKeyDetails ?? {}
    return modulusLength >= 2048
  } catch {
    return false
  }
}

const algorithms: ReadonlyMap<string, readonly string[]> = new Map([
  ['RSA', ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
  ['P-256', ['ES256']],
  ['P-384', ['ES384']],
  ['P-521', ['ES512']],
  ['Ed25519', ['EdDSA', 'Ed25519']],
])
