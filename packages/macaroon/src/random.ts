/** Randomness, which comes from the caller: this package has none of its own. */

import { MacaroonError } from './errors.ts'

/** So many random bytes, never the same again: `(length) => crypto.getRandomValues(new Uint8Array(length))`. */
export type Random = (length: number) => Uint8Array

/** Exactly so many bytes, copied. Throws MacaroonError `bad-argument` where others come. */
export function draw(random: Random, length: number): Uint8Array {
  return copyExactly(random(length), length, 'What is random here')
}

/** A copy of bytes that must have this length. Throws MacaroonError `bad-argument` otherwise. */
export function copyExactly(bytes: Uint8Array, length: number, what: string): Uint8Array {
  if (bytes.length !== length) {
    throw new MacaroonError('bad-argument', `${what} has ${length} bytes, and not ${bytes.length}`)
  }
  return new Uint8Array(bytes)
}
