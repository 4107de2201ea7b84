// From an Authorization header to what it presents: genuine signatures and hashes, before any state is asked.
import {
  MacaroonError,
  decodeMacaroon,
  expiration,
  parseAuthorization,
  tokenId,
  type Caveat,
  type Macaroon,
  type VerifiedMacaroon,
} from '@hallpass/macaroon'

import { DomainError } from '../domain/errors.ts'
import type { Keyring } from '../domain/keyring.ts'
import type { Store } from '../domain/store.ts'
import { hashAuthToken } from '../domain/user.ts'
import type { Presented, PresentedToken } from './principal.ts'
import { VerificationCache } from './verification-cache.ts'

/** Reads a header's credentials. */
export type Authenticate = (header: string | undefined) => Promise<Presented>

const cachedHeaders = 10_000
const longestCachedHeader = 4096

/**
 * Makes the function that reads Authorization headers.
 * It throws DomainError `unauthenticated` where the header is absent or not readable; what is readable and not
 * genuine stands among the refusals, because another token of the same header may do.
 */
export function createAuthenticate(options: {
  readonly store: Store
  readonly keyring: Keyring
  /** The location of permission tokens; anything else is a discharge. */
  readonly location: string
}): Authenticate {
  const { store, keyring, location } = options
  const cache = new VerificationCache<Presented>(cachedHeaders, longestCachedHeader)

  async function verify(macaroon: Macaroon, discharges: readonly Macaroon[]): Promise<PresentedToken | string> {
    const key = await store.read((tx) => tx.signingKeys.byKid(macaroon.nonce.kid))
    if (key === undefined) return 'this token is signed with a key that is not known here'
    try {
      const verified = keyring.verify(key, macaroon, discharges)
      return {
        id: tokenId(macaroon.nonce),
        organisationId: key.organisationId,
        verified,
        endsAt: endOf(macaroon.unsafeCaveats),
        discharge: firstToEnd(verified),
      }
    } catch (error) {
      if (error instanceof DomainError) return error.message
      throw error
    }
  }

  return async function authenticate(header) {
    if (header === undefined || header.trim() === '') {
      throw new DomainError('unauthenticated', 'this request carries no token: send an Authorization header')
    }
    // flyctl forgets a token that has ended, and asks all the same.
    if (/^\s*(?:(?:bearer|flyv1)\s*)+$/i.test(header)) {
      throw new DomainError('unauthenticated', 'this request carries no token: it may have ended, or been left out')
    }
    const cached = cache.get(header)
    if (cached !== undefined) return cached

    const { macaroons, authTokens, leftOut } = parse(header)
    const tokens: PresentedToken[] = []
    const refusals: string[] = []
    const permissions: Macaroon[] = []
    const discharges: Macaroon[] = []
    for (const macaroon of macaroons.map(decode)) {
      if (typeof macaroon === 'string') refusals.push(macaroon)
      else if (macaroon.location === location) permissions.push(macaroon)
      else discharges.push(macaroon)
    }
    for (const permission of permissions) {
      const verified = await verify(permission, discharges)
      if (typeof verified === 'string') refusals.push(verified)
      else tokens.push(verified)
    }
    const authTokenHashes: Uint8Array[] = []
    for (const authToken of authTokens) {
      const hash = hashAuthToken(authToken)
      if (hash === undefined) refusals.push('this auth token is damaged: it has not the form that it was given in')
      else authTokenHashes.push(hash)
    }
    if (tokens.length + authTokenHashes.length + refusals.length === 0) {
      refusals.push(`this request carries no permission token of ${location}`)
    }
    // Last, for what is wrong with a token tells its holder more than what is none.
    const left = leftOut.map(({ error }) => `a part of the header was left out: ${error.message}`)
    const presented = { tokens, authTokenHashes, refusals: [...refusals, ...left] }
    if (refusals.length === 0) cache.set(header, presented)
    return presented
  }
}

/** Milliseconds. */
function endOf(caveats: readonly Caveat[]): number {
  const end = expiration(caveats)
  return end === undefined ? Infinity : Number(end) * 1000
}

function firstToEnd({ macaroon, discharges }: VerifiedMacaroon): PresentedToken['discharge'] {
  if (discharges.length === 0) return undefined
  // They stand in the order of what they answer. A location is signed in the token, and not in the discharge itself.
  const questions = macaroon.unsafeCaveats.filter((caveat) => caveat.type === '3P')
  return discharges
    .map(({ unsafeCaveats }, at) => ({ location: questions[at]?.location ?? '', endsAt: endOf(unsafeCaveats) }))
    .reduce((first, next) => (next.endsAt < first.endsAt ? next : first))
}

function parse(header: string): ReturnType<typeof parseAuthorization> {
  try {
    return parseAuthorization(header)
  } catch (error) {
    if (error instanceof MacaroonError) throw new DomainError('unauthenticated', error.message, { cause: error })
    throw error
  }
}

function decode(bytes: Uint8Array): Macaroon | string {
  try {
    return decodeMacaroon(bytes)
  } catch (error) {
    if (error instanceof MacaroonError) return `this token is damaged: ${error.message}`
    throw error
  }
}
