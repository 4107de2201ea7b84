/** What every kernel expects of its arguments. Each function throws MacaroonError `bad-argument` where that is not so. */

import { badArgument } from '../boundary.ts'

export function expectSealing(key: Uint8Array, nonce: Uint8Array): void {
  expectLength(key, 32, 'key')
  expectLength(nonce, 12, 'nonce')
}

/** Caveats must follow each other within so many bytes: what lies behind those is somebody else's. */
export function expectChain(
  key: Uint8Array,
  length: number,
  nonceStart: number,
  nonceEnd: number,
  offsets: readonly number[],
): void {
  expectLength(key, 32, 'key')
  expectRange(length, nonceStart, nonceEnd)
  let start = 0
  for (let i = 0; i < offsets.length; i += 1) {
    const end = offsets[i] ?? 0
    expectRange(length, start, end)
    start = end
  }
}

export function expectRange(length: number, start: number, end: number): void {
  if (start >= 0 && start <= end && end <= length) return
  throw badArgument(`${start} to ${end}`, `within ${length} bytes`)
}

function expectLength(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length === length) return
  throw badArgument(what, `of ${length} bytes`)
}
