/** The kernel that runs everywhere, made of audited libraries: in pages and edge workers, and where WebAssembly is forbidden. */

import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { equalBytes } from './equal-bytes.ts'
import { expectChain, expectRange } from './expectations.ts'
import type { Kernel, Source } from './kernel.ts'

export const portableKernel: Kernel = {
  name: 'portable',
  withScratch: (length, use) => use(new Uint8Array(length)),
  sha256: (bytes) => sha256(bytes),
  hmac: (key, bytes) => hmac(sha256, key, bytes),
  chain(key, bytes, nonceStart, nonceEnd, offsets) {
    expectChain(key, bytes.length, nonceStart, nonceEnd, offsets)
    const tails = new Uint8Array(Math.max(offsets.length, 1) * 32)
    let tail = hmac(sha256, key, bytes.subarray(nonceStart, nonceEnd))
    tails.set(tail)
    for (let i = 1; i < offsets.length; i += 1) {
      const caveat = bytes.subarray(offsets[i - 1], offsets[i])
      tail = hmac.create(sha256, tail).update(arrayOfTwo).update(caveat).digest()
      tails.set(tail, i * 32)
    }
    return tails
  },
  endsIn: (...given) => followChain(...given) !== undefined,
}

/** What `chain` makes, where `endsIn` is true; else undefined. */
export function followChain(
  key: Uint8Array,
  source: Source,
  nonceStart: number,
  nonceEnd: number,
  offsets: readonly number[],
  claimed: number,
  proof: boolean,
): Uint8Array | undefined {
  const bytes = new Uint8Array(source.length)
  source.copyTo(bytes)
  expectRange(bytes.length, claimed, claimed + 32)
  const tails = portableKernel.chain(key, bytes, nonceStart, nonceEnd, offsets)
  const last = tails.subarray(-32)
  const end = proof ? hmac(sha256, proofKey, last) : last
  return equalBytes(end, bytes.subarray(claimed, claimed + 32)) ? tails : undefined
}

const arrayOfTwo = Uint8Array.of(0x92)
/** Under this key, Go's library finishes the tail of a proof. */
const proofKey = Uint8Array.from('proof-signature-finalization', (character) => character.charCodeAt(0))
