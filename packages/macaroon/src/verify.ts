/** Verification: is this macaroon genuine, and are its discharges? The only place where a VerifiedMacaroon is made. */

import { badArgument, expectFields, expectFunctions, isBytes, lengthOf, takeList } from './boundary.ts'
import type { Caveat } from './caveat.ts'
import { isAttestation } from './caveat-set.ts'
import { nothingForbids } from './errors.ts'
import { defaultKernel } from '#kernel'
import type { Kernel } from './kernel/kernel.ts'
import { expectMacaroon, Macaroon } from './macaroon.ts'
import type { Nonce } from './nonce.ts'
import { takeKey } from './tail.ts'
import { type Answer, type Answers, type ChainResult, expectTail, verifyChain } from './verify-chain.ts'
import type { Vocabulary } from './vocabulary.ts'

/** What `verify` found genuine. Whether it allows anything is for `clear` to say; whether it was revoked, for its issuer. */
class VerifiedMacaroon {
  readonly #macaroon: Macaroon
  /** Those whose bytes were verified. Nobody outside of this package ever holds them, nor those of the answers. */
  readonly #own: readonly Caveat[]
  readonly #answers: readonly Answers[]
  /** Filled on first use. */
  #shown: readonly Caveat[] | undefined

  constructor(macaroon: Macaroon, own: readonly Caveat[], answers: readonly Answers[]) {
    this.#macaroon = macaroon
    this.#own = own
    this.#answers = answers
  }

  /** Hides the class from those who have an instance: only `verify` makes one. */
  get ['constructor'](): ObjectConstructor {
    return Object
  }

  /** Every caveat that an access is held against: its own, then those of `discharges`. A new list for each caller. */
  get caveats(): readonly Caveat[] {
    return (this.#shown ??= this.#readAgain(this.#answers.map(([first]) => first)))
  }

  /** The macaroon that was verified. */
  get macaroon(): Macaroon {
    return this.#macaroon
  }

  /**
   * The discharges that are used, in the order of the third-party caveats that they answer: of several the one that ends
   * last, where `clear` finds none that holds.
   */
  get discharges(): readonly Macaroon[] {
    return this.#answers.map(([first]) => first.discharge)
  }

  /** The others that verify, of which `clear` takes one where the first of its ticket does not hold. */
  get otherDischarges(): readonly Macaroon[] {
    return this.#answers.flatMap(([, ...others]) => others.map(({ discharge }) => discharge))
  }

  get nonce(): Nonce {
    return this.#macaroon.nonce
  }

  get location(): string {
    return this.#macaroon.location
  }

  get vocabulary(): Vocabulary {
    return this.#macaroon.vocabulary
  }

  static isVerified(value: unknown): value is VerifiedMacaroon {
    return typeof value === 'object' && value !== null && #macaroon in value
  }

  static partsOf(verified: VerifiedMacaroon): VerifiedParts {
    return { own: verified.#own, answers: verified.#answers }
  }

  static show(verified: VerifiedMacaroon, answers: readonly Answer[]): readonly Caveat[] {
    return verified.#readAgain(answers)
  }

  #readAgain(answers: readonly Answer[]): readonly Caveat[] {
    const all = [this.#macaroon, ...answers.map(({ discharge }) => discharge)]
    const shown = new Map(
      all.flatMap((each) => Macaroon.caveatsOf(each).map((caveat, i) => [caveat, each.unsafeCaveats[i]] as const)),
    )
    return allCaveats(this.#own, answers).map((caveat) => shown.get(caveat) ?? caveat)
  }
}

export type { VerifiedMacaroon }

interface VerifiedParts {
  readonly own: readonly Caveat[]
  readonly answers: readonly Answers[]
}

/** The caveats themselves, for this package alone. */
export function verifiedParts(verified: VerifiedMacaroon): VerifiedParts {
  return VerifiedMacaroon.partsOf(verified)
}

/** What is shown of the caveats that are its own, and those of these answers. */
export function showCaveats(verified: VerifiedMacaroon, answers: readonly Answer[]): readonly Caveat[] {
  return VerifiedMacaroon.show(verified, answers)
}

/** The caveats that an access is held against where these answers are taken. */
export function allCaveats(own: readonly Caveat[], answers: readonly Answer[]): readonly Caveat[] {
  return answers.reduce((all, { caveats }) => all.concat(caveats), own)
}

/** Whether a value came from `verify`, and not from a copy or a cast. */
export function isVerified(value: unknown): value is VerifiedMacaroon {
  return VerifiedMacaroon.isVerified(value)
}

export interface VerifyOptions {
  /**
   * What came along and may answer third-party caveats; what answers none is ignored. Of several that answer the same,
   * `clear` takes one that holds: Go takes the first, which may have ended.
   */
  readonly discharges?: readonly Macaroon[]
  /** By location, the keys shared with third parties whose attestations are believed. Nobody's are by default. */
  readonly trusted?: ReadonlyMap<string, readonly Uint8Array[]>
  readonly kernel?: Kernel
  /**
   * Called before each part of the work with its cost: the hashes, the comparisons and the blocks of 64 bytes that are
   * hashed. If it throws, the verification ends: so a caller bounds the cost of all tokens of one request together.
   */
  readonly spend?: (steps: number) => void
}

/**
 * Recomputes the chain over the bytes as they came and compares the tails in constant time, as Go's `Macaroon.Verify`;
 * then the same for a discharge of every third-party caveat. `key` is the 32 bytes that `macaroon.nonce.kid` names.
 *
 * Stricter than Go, it refuses a macaroon without a caveat to hold an access against, which would allow everything. The
 * chain does not cover the location: the caller checks that it is the expected one.
 *
 * Throws MacaroonError `forged`, and for a chain that is right: `no-caveats`, `undischarged`, `bad-discharge`,
 * `bound-elsewhere`, `attestation` (in what is no proof) or `too-many` (attempts at discharges). `bad-argument` for a key
 * of another length and for what `decodeMacaroon` did not make.
 */
export function verify(macaroon: Macaroon, key: Uint8Array, options: VerifyOptions = {}): VerifiedMacaroon {
  expectMacaroon(macaroon, 'macaroon')
  // Not copied, which would cost more than all other checks: a kernel reads a key once, before it does anything.
  if (!isBytes(key) || lengthOf(key) !== 32) takeKey(key)
  const { discharges, trusted = nobody, kernel = defaultKernel, spend } = expectFields(options, 'options')
  const answers = discharges === undefined ? none : takeList(discharges, 'discharges', expectMacaroon)
  if (!(trusted instanceof Map)) throw badArgument('trusted', 'a Map')
  expectFunctions(kernel, 'kernel', 'endsIn')
  if (spend !== undefined) expectFunctions(options, 'options', 'spend')
  if (Macaroon.isPlain(macaroon)) {
    // Nearly all: nothing to be answered, and at least one caveat that can forbid something.
    expectTail(macaroon, key, kernel, spend)
    return new VerifiedMacaroon(macaroon, Macaroon.caveatsOf(macaroon), nothingAsked)
  }
  return conclude(macaroon, verifyChain(macaroon, key, { discharges: answers, trusted, kernel, spend }))
}

/** What follows for a macaroon whose chain is right; for this package alone. Throws `no-caveats` where nothing forbids anything. */
export function conclude(macaroon: Macaroon, { own, answers }: ChainResult): VerifiedMacaroon {
  const holds = (caveat: Caveat) => !isAttestation(caveat, macaroon.vocabulary)
  if (own.some(holds)) return new VerifiedMacaroon(macaroon, own, answers)
  // Then its discharges must forbid something, and those that do come first.
  const isHolding = ({ caveats }: Answer) => Number(caveats.some(holds))
  for (const list of answers) list.sort((one, other) => isHolding(other) - isHolding(one))
  if (!answers.some(([first]) => isHolding(first) === 1)) throw nothingForbids()
  return new VerifiedMacaroon(macaroon, own, answers)
}

const none: readonly Macaroon[] = /* @__PURE__ */ Object.freeze([])
const nothingAsked: readonly Answers[] = /* @__PURE__ */ Object.freeze([])
const nobody: ReadonlyMap<string, readonly Uint8Array[]> = new Map()
