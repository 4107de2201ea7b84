/** Verification: is this macaroon genuine, and are its discharges? The only place where a VerifiedMacaroon is made. */

import type { Caveat } from './caveat.ts'
import { isAttestation } from './caveat-set.ts'
import { MacaroonError } from './errors.ts'
import { defaultKernel, type Kernel } from './kernel/kernel.ts'
import { Macaroon } from './macaroon.ts'
import type { Nonce } from './nonce.ts'
import { expectKey } from './tail.ts'
import { expectTail, verifyChain } from './verify-chain.ts'
import type { Vocabulary } from './vocabulary.ts'

/** What `verify` found genuine. Whether it allows anything is for `clear` to say; whether it was revoked, for its issuer. */
class VerifiedMacaroon {
  /** Every caveat that an access must be held against: its own, then those of its discharges. */
  readonly caveats: readonly Caveat[]
  /** The macaroon that was verified. */
  readonly macaroon: Macaroon
  /** The discharges that were used, in the order of the third-party caveats that they answer. */
  readonly discharges: readonly Macaroon[]
  readonly vocabulary: Vocabulary
  readonly #verified = true

  constructor(macaroon: Macaroon, caveats: readonly Caveat[], discharges: readonly Macaroon[], permit: symbol) {
    // A class can be reached through its instances; what only this module knows cannot.
    if (permit !== verifyPermit) throw new MacaroonError('bad-argument', 'Only verify makes a VerifiedMacaroon')
    this.caveats = caveats
    this.macaroon = macaroon
    this.discharges = discharges
    this.vocabulary = macaroon.vocabulary
  }

  get nonce(): Nonce {
    return this.macaroon.nonce
  }

  get location(): string {
    return this.macaroon.location
  }

  static isVerified(value: unknown): value is VerifiedMacaroon {
    return typeof value === 'object' && value !== null && #verified in value && value.#verified
  }
}

export type { VerifiedMacaroon }

/** Whether a value came from `verify`, and not from a copy or a cast. */
export function isVerified(value: unknown): value is VerifiedMacaroon {
  return VerifiedMacaroon.isVerified(value)
}

export interface VerifyOptions {
  /** What came along and may answer third-party caveats; what answers none is ignored. */
  readonly discharges?: readonly Macaroon[]
  /** By location, the keys shared with third parties whose attestations are believed. Nobody's are by default. */
  readonly trusted?: ReadonlyMap<string, readonly Uint8Array[]>
  readonly kernel?: Kernel
}

/**
 * Recomputes the chain over the bytes as they came and compares the tails in constant time, as Go's `Macaroon.Verify`;
 * then the same for a discharge of every third-party caveat. `key` is the 32 bytes that `macaroon.nonce.kid` names.
 *
 * Beyond Go, a macaroon is refused that leaves no caveat to hold an access against: it would allow everything. The
 * location is not covered by the chain; that it is the one expected is for the caller to check.
 *
 * Throws MacaroonError `forged`, and for a chain that is right: `no-caveats`, `undischarged`, `bad-discharge`,
 * `bound-elsewhere`, `attestation` (in what is no proof) or `too-many` (attempts at discharges). `bad-argument` for a key
 * of another length and for what `decodeMacaroon` did not make.
 */
export function verify(macaroon: Macaroon, key: Uint8Array, options: VerifyOptions = {}): VerifiedMacaroon {
  const discharges = options.discharges ?? none
  if (!Macaroon.isMacaroon(macaroon) || !discharges.every((one) => Macaroon.isMacaroon(one))) {
    throw new MacaroonError('bad-argument', 'Only what decodeMacaroon made is verified')
  }
  expectKey(key)
  const kernel = options.kernel ?? defaultKernel
  if (Macaroon.isPlain(macaroon)) {
    // By far the most: nothing to be answered, and at least one caveat that can forbid something.
    expectTail(macaroon, key, kernel)
    return new VerifiedMacaroon(macaroon, macaroon.unsafeCaveats, none, verifyPermit)
  }
  const found = verifyChain(macaroon, key, { discharges, trusted: options.trusted ?? nobody, kernel })
  if (found.caveats.every((caveat) => isAttestation(caveat, macaroon.vocabulary))) {
    throw new MacaroonError('no-caveats', 'The macaroon has no caveats that forbid anything and would allow everything')
  }
  return new VerifiedMacaroon(macaroon, found.caveats, found.discharges, verifyPermit)
}

const verifyPermit = Symbol('verified')
const none: readonly Macaroon[] = []
const nobody: ReadonlyMap<string, readonly Uint8Array[]> = new Map()
