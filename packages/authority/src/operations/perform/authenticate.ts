// From an Authorization header to what it presents: first what the store knows of it, which costs little, and then, of
// what lives, whether it is genuine.
import {
  MacaroonError,
  decodeMacaroon,
  expiration,
  parseAuthorization,
  tokenId,
  type Caveat,
  type Macaroon,
  type Nonce,
  type VerifiedMacaroon,
} from '@hallpass/macaroon'
import { readBeginning } from '@hallpass/macaroon/name'

import { DomainError } from '../../domain/errors.ts'
import type { WrappedSigningKey } from '../../domain/key.ts'
import type { Keyring } from '../../domain/keyring.ts'
import type { ReadTransaction, Store } from '../../domain/store.ts'
import { hashAuthToken } from '../../domain/user.ts'
import { refuseSession, refuseToken, type Presented, type PresentedToken } from './principal.ts'
import { VerificationCache } from './verification-cache.ts'
import { weigh } from './weigh.ts'

/** Reads a header's credentials. */
export type Authenticate = (header: string | undefined) => Promise<Presented>

/** Bytes of what is remembered of headers that were found genuine. */
const cacheCapacity = 32 * 1024 * 1024
const longestCachedHeader = 4096
/** Bytes, more than a nonce and a location take. */
const longestBeginning = 1024
/**
 * Hashes, blocks that are hashed and comparisons for all tokens of one header, some 20 ms of them: the tokens of 180
 * organizations take 2,500, and what is beyond that are long tokens, and answers of third parties, tried one by one.
 */
const mostSteps = 20_000
const unknownKey = 'this token is signed with a key that is not known here'
/** Of what has no beginning of a token, or is signed with a key that is not known: anybody makes such, and each is looked at. */
const mostStrange = 12
/** What counts for nothing is looked up all the same, and nobody needs more of it. */
const mostRefused = 32

/**
 * Makes the function that reads Authorization headers. `now` in milliseconds.
 * It throws DomainError `unauthenticated` where the header is absent or not readable, or nothing in it counts; what does
 * not count beside what does stands among the refusals.
 */
export function createAuthenticate(options: {
  readonly store: Store
  readonly keyring: Keyring
  /** The location of permission tokens; anything else is a discharge. */
  readonly location: string
  readonly now: () => number
}): Authenticate {
  const { store, keyring, location, now } = options
  const cache = new VerificationCache<Presented>(cacheCapacity)

  /** The key of a token that is known and lives, whatever its signature is worth; or why there is none. */
  async function findKey(tx: ReadTransaction, nonce: Nonce): Promise<WrappedSigningKey | string> {
    const key = await tx.signingKeys.byKid(nonce.kid)
    if (key === undefined) return unknownKey
    const id = tokenId(nonce)
    const claimed = { id, organisationId: key.organisationId, endsAt: Infinity, discharge: undefined }
    return refuseToken(await tx.tokens.byId(id), claimed, now()) ?? key
  }

  function verify(
    macaroon: Macaroon,
    key: WrappedSigningKey,
    discharges: readonly Macaroon[],
    spend: (steps: number) => void,
  ): PresentedToken | string {
    try {
      const verified = keyring.verify(key, macaroon, discharges, spend)
      return {
        id: tokenId(macaroon.nonce),
        organisationId: key.organisationId,
        kid: macaroon.nonce.kid,
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

    const { macaroons, authTokens, leftOut } = withoutStacks(() => parse(readPassword(header)))
    const refusals: string[] = []
    const refuse = (reason: string) => {
      if (refusals.push(reason) <= mostRefused) return
      const most = `more than ${mostRefused} tokens of this request count for nothing`
      throw new DomainError('unauthenticated', `${most}: send those that live. Of the first: ${refusals[0]}`)
    }
    let strange = 0
    const countStrange = () => {
      if ((strange += 1) <= mostStrange) return
      const most = `more than ${mostStrange} tokens of this request are damaged, or of no authority that is known here`
      throw new DomainError('unauthenticated', `${most}: send those that live. Of the first: ${refusals[0]}`)
    }
    const permissions: { readonly bytes: Uint8Array; readonly nonce: Nonce }[] = []
    const others: { readonly bytes: Uint8Array }[] = []
    // Of strangers' tokens only the beginnings are read, and of what has none it is looked up once what is wrong with it.
    withoutStacks(() => {
      for (const bytes of macaroons) {
        const beginning = readBeginning(bytes)
        if (beginning === undefined) {
          countStrange()
          refuse(refusals.length === 0 ? describeDamage(bytes) : 'this token is damaged')
        } else if (beginning.location === location) permissions.push({ bytes, nonce: beginning.nonce })
        else others.push({ bytes })
      }
    })
    const { living, authTokenHashes } = await store.read(async (tx) => {
      const found = {
        living: [] as { bytes: Uint8Array; key: WrappedSigningKey }[],
        authTokenHashes: [] as Uint8Array[],
      }
      for (const { bytes, nonce } of withoutRepeated(permissions)) {
        const key = await findKey(tx, nonce)
        if (key === unknownKey) countStrange()
        if (typeof key === 'string') refuse(key)
        else found.living.push({ bytes, key })
      }
      for (const authToken of new Set(authTokens)) {
        const hash = hashAuthToken(authToken)
        const refusal =
          hash === undefined
            ? 'this auth token is damaged: it has not the form that it was given in'
            : refuseSession((await tx.sessions.byTokenHash(hash))?.session, now())
        if (refusal !== undefined) refuse(refusal)
        else if (hash !== undefined) found.authTokenHashes.push(hash)
      }
      return found
    })
    const discharges: Macaroon[] = []
    for (const { bytes } of living.length === 0 ? [] : withoutRepeated(others)) {
      const discharge = decode(bytes)
      if (typeof discharge === 'string') refuse(discharge)
      else discharges.push(discharge)
    }
    const spend = createBudget(mostSteps)
    const tokens: PresentedToken[] = []
    for (const { bytes, key } of living) {
      const permission = decode(bytes)
      const verified = typeof permission === 'string' ? permission : verify(permission, key, discharges, spend)
      if (typeof verified === 'string') refuse(verified)
      else tokens.push(verified)
    }
    if (tokens.length + authTokenHashes.length + refusals.length === 0) {
      refusals.push(`this request carries no permission token of ${location}`)
    }
    if (tokens.length + authTokenHashes.length === 0) {
      throw new DomainError('unauthenticated', refusals[0] ?? 'this request carries no token')
    }
    // Last, for what is wrong with a token tells its holder more than what is none.
    const left = leftOut.map(({ error }) => `a part of the header was left out: ${error.message}`)
    const presented = { tokens, authTokenHashes, refusals: [...refusals, ...left] }
    // Only what lives is remembered; and an auth token is looked up as fast as it would be found here.
    const lives = ({ endsAt, discharge }: PresentedToken) => Math.min(endsAt, discharge?.endsAt ?? Infinity) >= now()
    if (refusals.length > 0 || tokens.length === 0 || !tokens.every(lives)) return presented
    if (header.length > longestCachedHeader) return presented
    const remembered = { ...presented, forget: () => cache.delete(header) }
    cache.set(header, remembered, weighEntry(header, presented))
    return remembered
  }
}

/** What all tokens of one header take together; throws where that is too much. */
function createBudget(most: number): (steps: number) => void {
  let left = most
  return (steps) => {
    left -= steps
    if (left >= 0) return
    throw new DomainError('unauthenticated', 'the tokens of this request take too much work to verify: send fewer')
  }
}

/** The same token twice counts once, wherever in the header. */
function withoutRepeated<Token extends { readonly bytes: Uint8Array }>(tokens: readonly Token[]): readonly Token[] {
  if (tokens.length < 2) return tokens
  return [...new Map(tokens.map((token) => [Buffer.from(token.bytes).toString('latin1'), token])).values()]
}

/** Bytes. What was verified is there twice: for judging, and for showing. */
function weighEntry(header: string, { tokens, refusals }: Presented): number {
  let sum = 1000 + header.length + weigh(refusals)
  for (const { verified } of tokens) {
    for (const { bytes, unsafeCaveats } of [verified.macaroon, ...verified.discharges]) {
      sum += 1000 + 2 * weigh(bytes) + 2 * weigh(unsafeCaveats)
    }
  }
  return sum
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

/**
 * What stands in the password of `Basic` (RFC 7617), as CI tools and the clients of registries send tokens; the name counts
 * for nothing. Any other header as it is. No answer asks for Basic, so that no browser sends it of its own accord.
 */
function readPassword(header: string): string {
  if (!/^\s*basic\s/i.test(header)) return header
  const encoded = header.trim().slice('basic'.length).trim()
  const pair = Buffer.from(encoded, 'base64').toString('latin1')
  const password = pair.slice(pair.indexOf(':') + 1)
  if (pair.includes(':') && password !== '') return password
  throw new DomainError(
    'unauthenticated',
    'in this request Basic has no token as its password: send Bearer and the token',
  )
}

function parse(header: string): ReturnType<typeof parseAuthorization> {
  try {
    return parseAuthorization(header)
  } catch (error) {
    if (error instanceof MacaroonError) throw new DomainError('unauthenticated', error.message, { cause: error })
    throw error
  }
}

/** Of what has no beginning of a macaroon: what is short may be cut off there, and of what is long no more is looked at. */
function describeDamage(bytes: Uint8Array): string {
  const damage = decode(bytes.subarray(0, longestBeginning))
  return typeof damage === 'string' ? damage : 'this token is damaged'
}

/**
 * The work, with errors that do not know where they came from: a header may make dozens of those that stand for what is
 * wrong with it, and most of their cost is where. What nobody foresaw happens once more, and tells.
 */
function withoutStacks<T>(work: () => T): T {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return work()
  } catch (error) {
    if (error instanceof DomainError) throw error
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
  return work()
}

function decode(bytes: Uint8Array): Macaroon | string {
  try {
    return decodeMacaroon(bytes)
  } catch (error) {
    if (error instanceof MacaroonError) return `this token is damaged: ${error.message}`
    throw error
  }
}
