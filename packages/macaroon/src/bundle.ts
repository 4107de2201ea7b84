/** Bundles: what one Authorization header carries, permission tokens and the discharges that belong to them. */

import type { Access } from './access.ts'
import { clear, type Denial } from './clear.ts'
import { ticketsOf } from './discharge.ts'
import type { DischargeAccess } from './discharge-access.ts'
import { MacaroonError } from './errors.ts'
import { adoptMacaroon, type DecodeOptions, decodeMacaroon, type Macaroon } from './macaroon.ts'
import type { Nonce } from './nonce.ts'
import { takeRoom } from './room.ts'
import { type HeaderTokens, readTokens } from './text.ts'
import { type VerifiedMacaroon, verify, type VerifyOptions } from './verify.ts'

export interface Bundle {
  readonly permissions: readonly Permission[]
  /** Macaroons of other locations that answer no ticket of any permission token here. */
  readonly others: readonly Macaroon[]
  /** Macaroons that could not be read: they count for nothing, and the rest counts all the same. */
  readonly damaged: readonly DamagedToken[]
  /** Every auth token as it was written, with its `fo1_`. */
  readonly authTokens: readonly string[]
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

export interface TokenRefusal {
  readonly verified: VerifiedMacaroon
  readonly denials: readonly [Denial, ...Denial[]]
}

/**
 * Sorts what a header carries, as Go's `bundle.ParseBundle`: discharges go to the permission tokens whose tickets they
 * answer, one to several if need be.
 *
 * Throws MacaroonError with a TextErrorCode where the text is not a list of tokens.
 */
export function parseBundle(header: string | HeaderTokens, options: BundleOptions): Bundle {
  // What was not handed in as bytes nobody else has, so it need not be copied.
  const isText = typeof header === 'string'
  const tokens = isText ? readTokens(header, takeRoom) : header
  const macaroons: Macaroon[] = []
  const damaged: DamagedToken[] = []
  for (const [index, bytes] of tokens.macaroons.entries()) {
    const read = attempt(() => (isText ? adoptMacaroon(bytes, options) : decodeMacaroon(bytes, options)))
    if (read instanceof MacaroonError) damaged.push({ index, error: read })
    else macaroons.push(read)
  }
  const discharges = macaroons.filter((macaroon) => macaroon.location !== options.location)
  const permissions = macaroons
    .filter((macaroon) => macaroon.location === options.location)
    .map((macaroon) => ({ macaroon, discharges: discharges.length === 0 ? [] : answersTo(macaroon, discharges) }))
  if (discharges.length === 0) return { permissions, others: [], damaged, authTokens: tokens.authTokens }
  const used = new Set(permissions.flatMap((permission) => permission.discharges))
  return {
    permissions,
    others: discharges.filter((discharge) => !used.has(discharge)),
    damaged,
    authTokens: tokens.authTokens,
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
  const verified: VerifiedMacaroon[] = []
  const refused: RefusedToken[] = []
  for (const { macaroon, discharges } of bundle.permissions) {
    const key = keyOf(macaroon.nonce)
    const result =
      key === undefined
        ? new MacaroonError('unknown-key', 'The macaroon names a key that is not known here')
        : attempt(() => verify(macaroon, key, { ...options, discharges }))
    if (result instanceof MacaroonError) refused.push({ macaroon, error: result })
    else verified.push(result)
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
  if (accesses.length === 0) throw new MacaroonError('bad-argument', 'There is no access to clear')
  const refusals: TokenRefusal[] = []
  for (const verified of bundle.verified) {
    const clearance = clear(verified, accesses)
    if (clearance.allowed) return { allowed: true, by: verified }
    refusals.push({ verified, denials: clearance.denials })
  }
  return { allowed: false, refusals }
}

function answersTo(macaroon: Macaroon, discharges: readonly Macaroon[]): Macaroon[] {
  const tickets = new Set([...ticketsOf(macaroon).values()].flat().map((ticket) => ticket.join()))
  return discharges.filter((discharge) => tickets.has(discharge.nonce.kid.join()))
}

/** What a call returns, or the MacaroonError that it throws. */
function attempt<T>(call: () => T): T | MacaroonError {
  try {
    return call()
  } catch (error) {
    if (error instanceof MacaroonError) return error
    throw error
  }
}
