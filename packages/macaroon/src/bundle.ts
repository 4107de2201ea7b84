/** Bundles: what one Authorization header carries, permission tokens and the discharges that belong to them. */

import type { Access } from './access.ts'
import { append } from './append.ts'
import { badArgument, expectFields, expectText, takeBytes, takeList } from './boundary.ts'
import { clear, type Denial } from './clear.ts'
import type { DischargeAccess } from './discharge-access.ts'
import { MacaroonError } from './errors.ts'
import { type DecodeOptions, expectMacaroon, type Macaroon, readMacaroon, readInScratch } from './macaroon.ts'
import { thirdPartiesOf } from './mint.ts'
import { hasKid, type Nonce } from './nonce.ts'
import { type HeaderTokens, type LeftOut, readTokens } from './text.ts'
import { type VerifiedMacaroon, verify, type VerifyOptions } from './verify.ts'
import { type Vocabulary, vocabularyOf } from './vocabulary.ts'

/** The location by which every tool of this format knows permission tokens; nobody dials it. */
export const permissionLocation = 'https://api.fly.io/v1'

export interface Bundle {
  readonly permissions: readonly Permission[]
  /** Macaroons of other locations, in the order in which they came, also those that answer no ticket here. */
  readonly discharges: readonly Macaroon[]
  /** Macaroons that could not be read: they count for nothing, and the rest counts all the same. */
  readonly damaged: readonly DamagedToken[]
  /** Every auth token as it was written, with its `fo1_`. */
  readonly authTokens: readonly string[]
  /** Elements of the header that are no tokens: they count for nothing, and the rest counts all the same. */
  readonly leftOut: readonly LeftOut[]
}

/** A permission token and what may discharge it. Nothing about either has been verified. */
export interface Permission {
  readonly macaroon: Macaroon
  readonly discharges: readonly Macaroon[]
}

export interface DamagedToken {
  /** Which of the macaroons in the header, counted from 0. */
  readonly index: number
  readonly error: MacaroonError
}

export interface BundleOptions extends DecodeOptions {
  /** The location of permission tokens; a macaroon of any other is a discharge. */
  readonly location: string
}

export interface VerifiedBundle {
  readonly verified: readonly VerifiedMacaroon[]
  readonly refused: readonly RefusedToken[]
}

export interface RefusedToken {
  readonly macaroon: Macaroon
  /** Why it was refused: a VerifyErrorCode. */
  readonly error: MacaroonError
}

export type BundleClearance =
  | { readonly allowed: true; readonly by: VerifiedMacaroon }
  /** What each of the verified permission tokens objects to; nothing where there is none. */
  | { readonly allowed: false; readonly refusals: readonly TokenRefusal[] }

interface TokenRefusal {
  readonly verified: VerifiedMacaroon
  readonly denials: readonly [Denial, ...Denial[]]
}

/**
 * Sorts what a header carries, as Go's `bundle.ParseBundle`: discharges go to the permission tokens whose tickets they
 * answer, one to several if need be.
 *
 * Throws MacaroonError with a TextErrorCode where the text is not a list of tokens.
 */
export function parseBundle(header: string | ParsedTokens, options: BundleOptions): Bundle {
  const vocabulary = vocabularyOf(options)
  const location = expectText(options.location, 'location')
  if (typeof header !== 'string') {
    const { macaroons, authTokens, leftOut = [] } = expectFields(header, 'header')
    const tokens = { authTokens: takeList(authTokens, 'authTokens', expectText), leftOut }
    return sort(
      takeList(macaroons, 'macaroons', (bytes, name) => tryDecode(takeBytes(bytes, name), vocabulary)),
      tokens,
      location,
    )
  }
  const tokens = readTokens(header, (text, start, end) => tryRead(text, start, end, vocabulary, location))
  return sort(tokens.macaroons, tokens, location)
}

/** What `parseAuthorization` made of a header, or the like. */
type ParsedTokens = Omit<HeaderTokens, 'leftOut'> & Partial<HeaderTokens>

function sort(
  all: readonly (Macaroon | MacaroonError)[],
  { authTokens, leftOut }: Omit<HeaderTokens, 'macaroons'>,
  location: string,
): Bundle {
  let permitting: readonly Macaroon[] = []
  let discharges: readonly Macaroon[] = []
  let damaged: readonly DamagedToken[] = []
  let index = -1
  for (const read of all) {
    index += 1
    if (read instanceof MacaroonError) damaged = append(damaged, { index, error: read })
    else if (read.location === location) permitting = append(permitting, read)
    else discharges = append(discharges, read)
  }
  let permissions: readonly Permission[] = []
  for (const macaroon of permitting) {
    permissions = append(permissions, { macaroon, discharges: answersTo(macaroon, discharges) })
  }
  return {
    permissions,
    discharges,
    damaged,
    authTokens,
    leftOut,
  }
}

/**
 * Verifies every permission token with its discharges. `keyOf` finds the key that a nonce names; where it finds none, the
 * token is refused with `unknown-key`.
 */
export function verifyBundle(
  bundle: Bundle,
  keyOf: (nonce: Nonce) => Uint8Array | undefined,
  options: Omit<VerifyOptions, 'discharges'> = {},
): VerifiedBundle {
  let verified: readonly VerifiedMacaroon[] = []
  let refused: readonly RefusedToken[] = []
  if (typeof keyOf !== 'function') throw badArgument('keyOf', 'a function')
  expectFields(options, 'options')
  for (const permission of expectList(expectFields(bundle, 'bundle').permissions, 'permissions')) {
    const { macaroon, discharges } = expectFields(permission, 'permission')
    const key = keyOf(expectMacaroon(macaroon, 'macaroon').nonce)
    const result = key === undefined ? unknownKey() : tryVerify(macaroon, key, discharges, options)
    if (result instanceof MacaroonError) refused = append(refused, { macaroon, error: result })
    else verified = append(verified, result)
  }
  return { verified, refused }
}

/**
 * Whether any one permission token, with its discharges, allows all of these accesses, as Go's `Bundle.Validate`. Two
 * tokens that allow one access each do not allow both together.
 *
 * Throws MacaroonError `bad-argument` for no accesses at all.
 */
export function clearBundle(bundle: VerifiedBundle, accesses: readonly (Access | DischargeAccess)[]): BundleClearance {
  if (!Array.isArray(accesses) || accesses.length === 0) throw badArgument('accesses', 'at least one')
  const refusals: TokenRefusal[] = []
  for (const verified of expectList(expectFields(bundle, 'bundle').verified, 'verified')) {
    const clearance = clear(verified, accesses)
    if (clearance.allowed) return { allowed: true, by: verified }
    refusals.push({ verified, denials: clearance.denials })
  }
  return { allowed: false, refusals }
}

function expectList<Item>(list: readonly Item[], name: string): readonly Item[] {
  if (!Array.isArray(list)) throw badArgument(name, 'a list')
  return list
}

function answersTo(macaroon: Macaroon, discharges: readonly Macaroon[]): readonly Macaroon[] {
  if (discharges.length === 0) return discharges
  const asked = thirdPartiesOf(macaroon)
  return discharges.filter(({ nonce }) => asked.some(({ ticket }) => hasKid(nonce, ticket ?? nothing)))
}

const nothing = new Uint8Array(0)

function unknownKey(): MacaroonError {
  return new MacaroonError('unknown-key', 'The macaroon names a key that is not known here')
}

/** The macaroon, or the MacaroonError that decoding it throws. */
function tryDecode(bytes: Uint8Array, vocabulary: Vocabulary): Macaroon | MacaroonError {
  try {
    return readMacaroon(bytes, vocabulary)
  } catch (error) {
    return expectMacaroonError(error)
  }
}

/** The same of the base64 `text[start..end)`; undefined where it is none. */
function tryRead(
  text: string,
  start: number,
  end: number,
  vocabulary: Vocabulary,
  location: string,
): Macaroon | MacaroonError | undefined {
  const read = readInScratch(text, start, end, vocabulary, location)
  return read instanceof Uint8Array ? tryDecode(read, vocabulary) : read
}

/** What verification makes of it, or the MacaroonError that it throws. */
function tryVerify(
  macaroon: Macaroon,
  key: Uint8Array,
  discharges: readonly Macaroon[],
  options: Omit<VerifyOptions, 'discharges'>,
): VerifiedMacaroon | MacaroonError {
  try {
    return verify(macaroon, key, discharges?.length === 0 ? options : { ...options, discharges })
  } catch (error) {
    return expectMacaroonError(error)
  }
}

/** The error itself. Throws it where it is of another kind, or is about what the caller handed over. */
function expectMacaroonError(error: unknown): MacaroonError {
  if (error instanceof MacaroonError && error.code !== 'bad-argument') return error
  throw error
}
