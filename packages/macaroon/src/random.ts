/** Randomness, which comes from the caller: this package has none of its own. */

import { badArgument, takeBytes } from './boundary.ts'

/** So many random bytes, never the same again: `(length) => crypto.getRandomValues(new Uint8Array(length))`. */
export type Random = (length: number) => Uint8Array

/** Exactly so many bytes, copied. Throws MacaroonError `bad-argument` where others come. */
export function draw(random: Random, length: number): Uint8Array {
  if (typeof random !== 'function') throw badArgument('random', 'a function')
  return takeBytes(random(length), 'what random returns', length)
}
