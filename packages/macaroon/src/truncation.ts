/** Truncation: how long a macaroon must have been, as far as what is left of it tells. */

import { MacaroonError } from './errors.ts'
import { leastEnd } from './msgpack-skip.ts'

/**
 * How many bytes a macaroon that begins so has at least: what its heads announce, and what must follow. Undefined where
 * this is not the beginning of any macaroon.
 */
export function leastMacaroonLength(bytes: Uint8Array): number | undefined {
  if (bytes[0] !== macaroonHead) return undefined
  let at = 1
  for (let left = partsBeforeTail; left > 0; left -= 1) {
    const end = leastEnd(bytes, at)
    if (end === undefined) return undefined
    // Each of the parts between takes a byte at least.
    if (end > bytes.length) return end + (left - 1) + tailBytes
    at = end
  }
  return tailHead.every((byte, i) => (bytes[at + i] ?? byte) === byte) ? at + tailBytes : undefined
}

/** Throws `truncated` for what is the beginning of a longer macaroon, and returns for everything else. */
export function refuseTruncated(bytes: Uint8Array): void {
  const least = leastMacaroonLength(bytes)
  if (least === undefined || least <= bytes.length || least > longest) return
  throw new MacaroonError(
    'truncated',
    `The macaroon is truncated: it has ${bytes.length} bytes (${textLength(bytes.length)} characters as text), and at least ${least} (${textLength(least)}) were expected`,
  )
}

/** How many characters so many bytes have as `fm2_…`. */
export function textLength(bytes: number): number {
  return 'fm2_'.length + Math.ceil(bytes / 3) * 4
}

const macaroonHead = 0x94
const partsBeforeTail = 3
/** The head of a byte string of 32 bytes, which follow it. */
const tailHead = [0xc4, 32]
const tailBytes = 34
/** A head that announces more than this is not cut off but wrong. */
const longest = 65_536
