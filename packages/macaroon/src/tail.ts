/** Tails: the signature of a macaroon, which runs on with every caveat. */

import { takeBytes } from './boundary.ts'
import { defaultKernel } from '#kernel'
import type { Kernel } from './kernel/kernel.ts'
import type { Nonce } from './nonce.ts'

/** A copy of a signing key, or of one that is shared with a third party. Throws `bad-argument` where it can be neither. */
export function takeKey(key: unknown): Uint8Array {
  return takeBytes(key, 'key', keyLength)
}

/** The tail of a macaroon without caveats. */
export function firstTail(key: Uint8Array, nonce: Nonce): Uint8Array {
  return defaultKernel.hmac(key, nonce.bytes)
}

/** The tail behind one more caveat, which is hashed as an array of two: its number and its body. */
export function nextTail(tail: Uint8Array, caveat: Uint8Array): Uint8Array {
  const pair = new Uint8Array(caveat.length + 1)
  pair[0] = pairHead
  pair.set(caveat, 1)
  return defaultKernel.hmac(tail, pair)
}

/** The tail of a proof, to which nothing can be added, as Go's `finalizeSignature`. */
export function finishTail(tail: Uint8Array, kernel: Kernel = defaultKernel): Uint8Array {
  return kernel.hmac(proofKey, tail)
}

const keyLength = 32
/** The head of an array of two. */
export const pairHead = 0x92
/** The text proof-signature-finalization. */
const proofKey = Uint8Array.from('proof-signature-finalization', (character) => character.charCodeAt(0))
