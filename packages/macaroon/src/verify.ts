/** Verification: is this macaroon genuine? The only place where a VerifiedMacaroon is made. */

import type { Caveat } from './caveat.ts'
import { isAttestation } from './caveat-set.ts'
import { MacaroonError } from './errors.ts'
import { defaultKernel, type Kernel } from './kernel/kernel.ts'
import { expectKey, Macaroon, nonceStart, tailLength } from './macaroon.ts'
import type { Nonce } from './nonce.ts'
import type { Vocabulary } from './vocabulary.ts'

/** What `verify` found genuine. Whether it allows anything is for `clear` to say; whether it was revoked, for its issuer. */
class VerifiedMacaroon {
  readonly nonce: Nonce
  readonly location: string
  /** Every caveat that an access must be held against. */
  readonly caveats: readonly Caveat[]
  /** The macaroon that was verified. */
  readonly macaroon: Macaroon
  readonly vocabulary: Vocabulary
  readonly #verified = true

  constructor(macaroon: Macaroon, permit: symbol) {
    // A class can be reached through its instances; what only this module knows cannot.
    if (permit !== verifyPermit) throw new MacaroonError('bad-argument', 'Only verify makes a VerifiedMacaroon')
    this.nonce = macaroon.nonce
    this.location = macaroon.location
    this.caveats = macaroon.unsafeCaveats
    this.macaroon = macaroon
    this.vocabulary = macaroon.vocabulary
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
  readonly kernel?: Kernel
}

/**
 * Recomputes the chain over the bytes as they came and compares the tails in constant time, as Go's `Macaroon.Verify`
 * without discharges. `key` is the 32 bytes that `macaroon.nonce.kid` names.
 *
 * Beyond Go, a macaroon without caveats is refused: it would allow everything. The location is not covered by the chain;
 * that it is the one expected is for the caller to check.
 *
 * Throws MacaroonError `forged`, and for a chain that is right: `no-caveats`, `undischarged` (a third-party caveat),
 * `bound-elsewhere`, `attestation` (in what is no proof). `bad-argument` for a key of another length.
 */
export function verify(macaroon: Macaroon, key: Uint8Array, options: VerifyOptions = {}): VerifiedMacaroon {
  if (!Macaroon.isMacaroon(macaroon))
    throw new MacaroonError('bad-argument', 'Only what decodeMacaroon made is verified')
  expectKey(key)
  const kernel = options.kernel ?? defaultKernel
  const { nonce, bytes, offsets } = macaroon
  const tails = kernel.chain(key, bytes, nonceStart, nonceStart + nonce.bytes.length, offsets)
  const last = tails.length - tailLength
  const tail = nonce.proof ? kernel.hmac(proofKey, tails, last, tails.length) : tails.subarray(last)
  if (!kernel.equal(tail, macaroon.tail)) {
    throw new MacaroonError('forged', 'The macaroon is not genuine: its tail does not follow from this key')
  }
  if (macaroon.unsafeCaveats.length === 0) {
    throw new MacaroonError('no-caveats', 'The macaroon has no caveats and would allow everything')
  }
  for (const caveat of macaroon.unsafeCaveats) refuseUnanswered(caveat, macaroon)
  return new VerifiedMacaroon(macaroon, verifyPermit)
}

const verifyPermit = Symbol('verified')

/** The text proof-signature-finalization: the key under which Go finishes the tail of a proof. */
const proofKey = Uint8Array.from('proof-signature-finalization', (character) => character.charCodeAt(0))

function refuseUnanswered(caveat: Caveat, macaroon: Macaroon): void {
  if (caveat.type === '3P') {
    throw new MacaroonError(
      'undischarged',
      'The macaroon asks for a discharge from a third party, and none came with it',
    )
  }
  if (caveat.type === 'BindToParentToken') {
    throw new MacaroonError('bound-elsewhere', 'The macaroon is bound to a parent token that did not come with it')
  }
  if (!macaroon.nonce.proof && isAttestation(caveat, macaroon.vocabulary)) {
    throw new MacaroonError('attestation', `The macaroon carries ${caveat.type} without being a proof`)
  }
}
