/** The cryptography that a macaroon needs, behind one small interface so that a faster one can take its place. */

import { hmac } from '@noble/hashes/hmac.js'
import { sha1 } from '@noble/hashes/legacy.js'
import { sha256 } from '@noble/hashes/sha2.js'

export interface Kernel {
  /** HMAC-SHA256 of `bytes[start..end)`. */
  hmac(key: Uint8Array, bytes: Uint8Array, start: number, end: number): Uint8Array
  /**
   * The tail behind all caveats. Caveat i is `bytes[offsets[i]..offsets[i + 1])`, its number and its body as they stand
   * on the wire; each step is HMAC-SHA256 under the tail before, over 0x92 (an array of two) and those bytes.
   */
  chain(tail: Uint8Array, bytes: Uint8Array, offsets: readonly number[]): Uint8Array
  sha1(bytes: Uint8Array): Uint8Array
}

/** The portable one: plain JavaScript, everywhere. */
export const portableKernel: Kernel = {
  hmac: (key, bytes, start, end) => hmac(sha256, key, bytes.subarray(start, end)),
  chain(tail, bytes, offsets) {
    let current = tail
    for (let i = 0; i + 1 < offsets.length; i += 1) {
      const caveat = bytes.subarray(offsets[i], offsets[i + 1])
      current = hmac.create(sha256, current).update(pairHead).update(caveat).digest()
    }
    return current
  },
  sha1: (bytes) => sha1(bytes),
}

/** Whether two byte strings are equal, in a time that tells only their lengths. */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i += 1) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}

const pairHead = Uint8Array.of(0x92)
