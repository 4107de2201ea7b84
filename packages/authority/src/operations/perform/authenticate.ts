// From an Authorization header to its credentials. What costs less comes first: the store is asked, and only live tokens are
// verified. Where the store is a server of its own, a token that comes alone is verified first.
import { MacaroonError, tokenId, type Macaroon, type Nonce, type VerifiedMacaroon } from '@hallpass/macaroon'
import { caveatBytesOf, decodeCaveats, endOfMacaroon } from '@hallpass/macaroon/internal'
import { readBeginning } from '@hallpass/macaroon/name'

import { DomainError } from '../../domain/errors.ts'
import { textOfKid, type WrappedSigningKey } from '../../domain/key.ts'
import type { Keyring } from '../../domain/keyring.ts'
import type { Asker, ReadTransaction, Store } from '../../domain/store.ts'
import { signedId, type SignedId, type SignedRecord } from '../../domain/token.ts'
import { hashAuthToken } from '../../domain/user.ts'
import { weigh } from '../../domain/weigh.ts'
import { WeightedCache } from '@hallpass/guard/weighted-cache'
import { decode, describeDamage, parseHeader, withoutRepeated, withoutStacks } from './header-tokens.ts'
import {
  isLate,
  refuseSession,
  refuseToken,
  withinWeek,
  type LateToken,
  type Presented,
  type PresentedToken,
} from './principal.ts'
import { createWastedWork, type HeaderAllowance } from './wasted-work.ts'

/** Reads a header's credentials, at once if they are cached. `from`: who sends them, if that is known. */
export type Authenticate = (header: string | undefined, from?: Client) => Presented | Promise<Presented>

export interface Client extends Asker {
  address(): string
  /** For whom its work for tokens that count for nothing is counted, where that is not its address. */
  wastes?(): string
  /** As its program calls itself. */
  userAgent(): string | undefined
}

/** Bytes of the cache of verified headers. */
const cacheCapacity = 64 * 1024 * 1024
const longestCachedHeader = 4096
/** Cached signing keys, of some hundred bytes each. */
const mostKeys = 10_000
/** Cached ids of revoked tokens, of some hundred bytes each. */
const mostRevoked = 10_000
/**
 * Hashes, hash blocks and comparisons for all tokens of one header, about 20 ms. The tokens of 180 organizations need
 * 2,500; more is needed only by long tokens and by answers of third parties, which are tried one by one.
 */
const mostSteps = 20_000
/** Bytes of a token that may be verified before a remote store is asked: that takes less time than the question. */
const longestVerifiedFirst = 8192
const unknownKey = 'this token is signed with a key that is not known here'
/** Damaged tokens and tokens of unknown keys: anybody can make them, and each must be looked at. */
const mostStrange = 12
/** Dead tokens: each is looked up, and nobody needs more. */
const mostRefused = 32
/** The cost of a look-up, in steps. */
const stepsOfLookUp = 16
/** Characters. A short header is cheap to read, and most are short. */
const longestOfOne = 1024
const full: HeaderAllowance = { steps: mostSteps, refused: mostRefused, tokens: Infinity, length: Infinity, wait: 0 }

/**
 * Makes the function that reads Authorization headers. `now` in milliseconds.
 * It throws DomainError `unauthenticated` if the header is absent or malformed, or no credential in it counts. If some
 * count, the reasons for the others are in `refusals`.
 */
export function createAuthenticate(options: {
  readonly store: Pick<Store, 'read' | 'isRemote'>
  readonly keyring: Keyring
  /** The location of permission tokens. A macaroon with any other location is a discharge. */
  readonly location: string
  readonly now: () => number
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number
  /** Called with genuine tokens that were replaced and have ended, and with who sent them. */
  readonly noteLate?: (
    tokens: readonly LateToken[],
    by: { readonly from: string; readonly userAgent: string | undefined },
  ) => void
}): Authenticate {
  const { store, keyring, location, now, clock, noteLate } = options
  const wasted = createWastedWork(clock, full)
  // What was verified, never what was decided: signatures do not change; revocations and caveats are looked at each time.
  const cache = new WeightedCache<Presented>(cacheCapacity)
  // A key never changes. Whether it still exists is asked together with each of its tokens.
  const keys = new Map<string, WrappedSigningKey>()
  // Why each is refused, by ids of tokens of a remote store. A revocation is final.
  const revoked = new Map<string, string>()

  /** The key and the stored end of a known, live token, before its signature is checked; or the reason why there is none. */
  async function findKey(
    tx: ReadTransaction,
    permission: Permission,
    late: Late[],
  ): Promise<Omit<Living, 'permission'> | string> {
    const { id, kid } = nameIn(permission)
    const name = textOfKid(kid)
    const key = keys.get(name) ?? (await tx.signingKeys.byKid(kid))
    if (key === undefined) return unknownKey
    if (!keys.has(name)) remember(keys, mostKeys, name, key)
    const claimed = { id, organisationId: key.organisationId, endsAt: Infinity, discharge: undefined }
    const record = await tx.tokens.signedWith(nameIn(permission))
    const refusal = refuseToken(record, claimed, now())
    if (record !== undefined && isLate(record, now())) late.push({ permission, key, record })
    else if (store.isRemote && refusal !== undefined && typeof record?.revokedAt === 'number') {
      remember(revoked, mostRevoked, id, refusal)
    }
    if (refusal !== undefined || record === undefined) return refusal ?? unknownKey
    return { key, expiresAt: record.expiresAt }
  }

  /** Verifies a token before it is looked up, if its key is cached; undefined if the store must be asked first. */
  function verifyFirst(permission: Permission, work: HeaderWork): PresentedToken | Forged | undefined {
    const { bytes, nonce } = permission
    const key = store.isRemote && bytes.length <= longestVerifiedFirst ? keys.get(textOfKid(nonce.kid)) : undefined
    if (key === undefined) return undefined
    const { spent } = work
    const verified = verify(permission, key, [], work)
    if (typeof verified !== 'string') return verified
    // If the token is live, it is verified again, and counted then.
    work.spent = spent
    return undefined
  }

  function verify(
    permission: Permission,
    key: WrappedSigningKey,
    discharges: readonly Macaroon[],
    work: HeaderWork,
  ): PresentedToken | Forged | string {
    const macaroon = decode(permission.bytes, location)
    if (typeof macaroon === 'string') return macaroon
    const before = work.spent
    try {
      const verified = withoutStacks(() => keyring.verify(key, macaroon, discharges, work.spend))
      const signed = nameIn(permission)
      return {
        id: signed.id,
        organisationId: key.organisationId,
        signed,
        verified,
        endsAt: endOf(macaroon),
        discharge: firstToEnd(verified),
      }
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'unauthenticated') throw error
      // The holder of a genuine token without its discharge is not a stranger.
      if (!isForged(error)) return error.message
      work.wasted += work.spent - before
      return { forged: error.message }
    }
  }

  /** Anybody could write the id of a token into one of their own, so only genuine ones are told of. */
  function tellLate(late: readonly Late[], work: HeaderWork, asker: Client | undefined): void {
    if (noteLate === undefined) return
    const tokens = late.flatMap(({ permission, key, record }): LateToken[] => {
      const verified = verify(permission, key, [], work)
      if (typeof verified === 'string') return [{ record, verified: undefined }]
      return 'forged' in verified ? [] : [{ record, verified: verified.verified }]
    })
    if (tokens.length > 0) noteLate(tokens, { from: asker?.address() ?? '', userAgent: asker?.userAgent() })
  }

  return (header, from) => (header === undefined ? undefined : cache.get(header)) ?? authenticate(header, from)

  async function authenticate(header: string | undefined, from: Client | undefined): Promise<Presented> {
    if (header === undefined || header.trim() === '') {
      throw new DomainError('unauthenticated', 'this request carries no token: send an Authorization header')
    }
    // flyctl drops a token that has ended and sends the request all the same.
    if (/^\s*(?:(?:bearer|flyv1)\s*)+$/i.test(header)) {
      throw new DomainError('unauthenticated', 'this request carries no token: it may have ended, or been left out')
    }
    const address = header.length > longestOfOne ? (from?.wastes?.() ?? from?.address()) : undefined
    const allowance = address === undefined ? full : wasted.allowanceFor(address)
    const work = createWork(allowance)
    try {
      return await readHeader(header, allowance, work, from)
    } finally {
      if (address !== undefined) wasted.count(address, work.wasted)
    }
  }

  async function readHeader(
    header: string,
    allowance: HeaderAllowance,
    work: HeaderWork,
    asker: Client | undefined,
  ): Promise<Presented> {
    if (header.length > allowance.length) throw tooMuchWasted(allowance)
    const { macaroons, authTokens, leftOut } = withoutStacks(() => parseHeader(header))
    const refusals: string[] = []
    const refuse = (reason: string) => {
      // One ended or revoked token is normal.
      if (refusals.push(reason) > 1) work.wasted += stepsOfLookUp
      if (refusals.length <= allowance.refused) return
      if (allowance.wait > 0) throw tooMuchWasted(allowance)
      const most = `more than ${mostRefused} tokens of this request count for nothing`
      throw new DomainError('unauthenticated', `${most}: send only live tokens. The first: ${refusals[0]}`)
    }
    let strange = 0
    const countStrange = () => {
      if ((strange += 1) <= mostStrange) return
      const most = `more than ${mostStrange} tokens of this request are damaged, or signed with keys that are not known here`
      throw new DomainError('unauthenticated', `${most}: send only live tokens. The first: ${refusals[0]}`)
    }
    const permissions: Permission[] = []
    const others: { readonly bytes: Uint8Array }[] = []
    // Only the beginning of strangers' tokens is read, and damage is described only once.
    withoutStacks(() => {
      for (const bytes of macaroons) {
        const beginning = readBeginning(bytes)
        if (beginning === undefined) {
          countStrange()
          refuse(refusals.length === 0 ? describeDamage(bytes) : 'this token is damaged')
        } else if (beginning.location === location)
          permissions.push({ bytes, nonce: beginning.nonce, signed: undefined })
        else others.push({ bytes })
      }
    })
    if (permissions.length + authTokens.length > allowance.tokens) throw tooMuchWasted(allowance)
    const [only] = permissions.length + others.length + authTokens.length === 1 ? permissions : []
    const first = only && verifyFirst(only, work)
    const dead = first && ('forged' in first ? first.forged : revoked.get(first.id))
    if (dead !== undefined) throw withoutStacks(() => new DomainError('unauthenticated', refusals[0] ?? dead))
    const before = { refused: refusals.length, strange, wasted: work.wasted }
    const late: Late[] = []
    const { living, authTokenHashes } = await store.read(async (tx) => {
      // It may run more than once.
      late.length = 0
      refusals.length = before.refused
      strange = before.strange
      work.wasted = before.wasted
      const found = {
        living: [] as Living[],
        authTokenHashes: [] as string[],
      }
      const different = withoutRepeated(permissions)
      // Only so many at once: if all of them are strange, the request ends here.
      for (let first = 0; first < different.length; first += mostStrange + 1) {
        const some = different.slice(first, first + mostStrange + 1)
        const keys = await Promise.all(some.map((permission) => findKey(tx, permission, late)))
        for (const [at, permission] of some.entries()) {
          const one = keys[at] ?? unknownKey
          if (one === unknownKey) countStrange()
          if (typeof one === 'string') refuse(one)
          else found.living.push({ permission, ...one })
        }
      }
      for (const authToken of new Set(authTokens)) {
        const hash = hashAuthToken(authToken)
        const refusal =
          hash === undefined
            ? 'this auth token is damaged: it does not have the form of one'
            : refuseSession((await tx.sessions.byTokenHash(hash))?.session, now())
        if (refusal !== undefined) refuse(refusal)
        else if (hash !== undefined) found.authTokenHashes.push(hash)
      }
      return found
    }, asker && { asker })
    if (late.length > 0) tellLate(late, work, asker)
    const discharges: Macaroon[] = []
    for (const { bytes } of living.length === 0 ? [] : withoutRepeated(others)) {
      const discharge = decode(bytes)
      if (typeof discharge === 'string') refuse(discharge)
      else discharges.push(discharge)
    }
    const tokens: PresentedToken[] = []
    let firstEnd = Infinity
    for (const { permission, key, expiresAt } of living) {
      const verified = first ?? verify(permission, key, discharges, work)
      if (typeof verified === 'string') refuse(verified)
      else if ('forged' in verified) refuse(verified.forged)
      else {
        tokens.push(verified)
        firstEnd = Math.min(firstEnd, verified.endsAt, expiresAt)
      }
    }
    if (tokens.length + authTokenHashes.length + refusals.length === 0) {
      refusals.push(`this request carries no permission token of ${location}`)
    }
    if (tokens.length + authTokenHashes.length === 0) {
      throw withoutStacks(() => new DomainError('unauthenticated', refusals[0] ?? 'this request carries no token'))
    }
    // Last, because what is wrong with a token helps its holder more than what is not a token.
    const left = leftOut.map(({ error }) => `a part of the header was left out: ${error.message}`)
    const endsSoon = withinWeek(firstEnd, now())
    const presented = { tokens, authTokenHashes, refusals: [...refusals, ...left], endsSoon }
    // Only live tokens are cached.
    const lives = ({ endsAt, discharge }: PresentedToken) => Math.min(endsAt, discharge?.endsAt ?? Infinity) >= now()
    if (refusals.length > 0 || !tokens.every(lives)) return presented
    if (header.length > longestCachedHeader) return presented
    return rememberIn(cache, header, presented)
  }
}

/** A token with the location of permission tokens, not verified yet. */
interface Permission {
  readonly bytes: Uint8Array
  readonly nonce: Nonce
  /** Made at its first use. */
  signed: SignedId | undefined
}

/** A token that is known and alive, not verified yet. */
interface Living {
  readonly permission: Permission
  readonly key: WrappedSigningKey
  /** By its row, in milliseconds. */
  readonly expiresAt: number
}

/** A token that was replaced and has ended, not verified yet. */
interface Late {
  readonly permission: Permission
  readonly key: WrappedSigningKey
  readonly record: SignedRecord
}

function nameIn(permission: Permission): SignedId {
  const { nonce } = permission
  return (permission.signed ??= signedId(tokenId(nonce), nonce.kid))
}

/** A token whose signature is not genuine, and the sentence that says so. */
interface Forged {
  readonly forged: string
}

function remember<Value>(values: Map<string, Value>, most: number, name: string, value: Value): void {
  if (values.size >= most) values.clear()
  values.set(name, value)
}

/** The work for all tokens of one header together. */
interface HeaderWork {
  /** Throws if it is too much. */
  readonly spend: (steps: number) => void
  spent: number
  /** The work for tokens that did not count. */
  wasted: number
}

function createWork(allowance: HeaderAllowance): HeaderWork {
  const work: HeaderWork = {
    spent: 0,
    wasted: 0,
    spend(steps) {
      work.spent += steps
      if (work.spent <= allowance.steps) return
      if (allowance.wait > 0) throw tooMuchWasted(allowance)
      throw new DomainError('unauthenticated', 'the tokens of this request take too much work to verify: send fewer')
    },
  }
  return work
}

function isForged({ cause }: DomainError): boolean {
  return cause instanceof MacaroonError && cause.code === 'forged'
}

function tooMuchWasted({ wait: retryAfter }: HeaderAllowance): DomainError {
  const sentence = `too many tokens from this network counted for nothing: send fewer at once, or try again in ${retryAfter} seconds`
  return new DomainError('rate_limited', sentence, { retryAfter })
}

/** A function of its own: a closure made where the header is read would keep everything from there in memory. */
function rememberIn(cache: WeightedCache<Presented>, header: string, presented: Presented): Presented {
  const cached = { ...presented, forget: () => cache.delete(header) }
  cache.set(header, cached, weighEntry(header, presented))
  return cached
}

/** Bytes. Verified caveats may be held twice: for checking and for showing. */
function weighEntry(header: string, { tokens, refusals }: Presented): number {
  let sum = 500 + header.length + weigh(refusals)
  for (const { verified } of tokens) {
    for (const macaroon of [verified.macaroon, ...verified.discharges, ...verified.otherDischarges]) {
      const caveats = caveatBytesOf(macaroon)
      sum += 1000 + 2 * caveats.length + 2 * weigh(decodeCaveats(caveats))
    }
  }
  return sum
}

/** When its own caveats end it, in milliseconds. */
export function endOf(macaroon: Macaroon): number {
  const end = endOfMacaroon(macaroon)
  return end === undefined ? Infinity : Number(end) * 1000
}

function firstToEnd({ macaroon, discharges }: VerifiedMacaroon): PresentedToken['discharge'] {
  if (discharges.length === 0) return undefined
  // Discharges have the order of the caveats that they answer. The token signs the location; the discharge does not.
  const questions = macaroon.unsafeCaveats.filter((caveat) => caveat.type === '3P')
  return discharges
    .map((discharge, at) => ({ location: questions[at]?.location ?? '', endsAt: endOf(discharge) }))
    .reduce((first, next) => (next.endsAt < first.endsAt ? next : first))
}
