/** The kernel in plain TypeScript, for wherever WebAssembly may not be compiled. */

import { openSealed, sealBytes } from './chacha20-poly1305.ts'
import { equalBytes } from './equal-bytes.ts'
import { expectChain, expectRange, expectSealing } from './expectations.ts'
import type { Kernel } from './kernel.ts'
import { sha1 } from './sha1.ts'
import { Hasher } from './sha256.ts'

export const typescriptKernel: Kernel = /* @__PURE__ */ createTypescriptKernel()

/** With scratch space of its own. */
function createTypescriptKernel(): Kernel {
  const hasher = new Hasher()

  function sha256(bytes: Uint8Array): Uint8Array {
    const digest = new Uint8Array(32)
    hasher.hash(bytes, digest)
    hasher.wipe()
    return digest
  }

  function hmac(key: Uint8Array, bytes: Uint8Array, start: number, end: number): Uint8Array {
    expectRange(bytes.length, start, end)
    const short = key.length > 64 ? sha256(key) : key
    const tag = new Uint8Array(32)
    hasher.setKey(short)
    hasher.mac(bytes, start, end, tag, 0)
    hasher.wipe()
    return tag
  }

  function chain(
    key: Uint8Array,
    bytes: Uint8Array,
    nonceStart: number,
    nonceEnd: number,
    offsets: readonly number[],
  ): Uint8Array {
    expectChain(key, bytes.length, nonceStart, nonceEnd, offsets)
    const tails = new Uint8Array(Math.max(offsets.length, 1) * 32)
    // Read once, for it may be shared with somebody who changes it.
    hasher.setRootKey(new Uint8Array(key))
    hasher.mac(bytes, nonceStart, nonceEnd, tails, 0)
    // With a byte before the first caveat for the head of its array; for the next ones a hashed byte gives way.
    const first = offsets[0] ?? 0
    const pairs = new Uint8Array((offsets.at(-1) ?? 0) - first + 1)
    for (let i = 1; i < pairs.length; i += 1) pairs[i] = bytes[first + i - 1] ?? 0
    for (let i = 0; i + 1 < offsets.length; i += 1) {
      const head = (offsets[i] ?? 0) - first
      pairs[head] = 0x92
      hasher.setKeyToLast()
      hasher.mac(pairs, head, (offsets[i + 1] ?? 0) - first + 1, tails, (i + 1) * 32)
    }
    hasher.wipe()
    return tails
  }

  return {
    name: 'typescript',
    sha1,
    sha256,
    hmac,
    chain,
    lend: (length, use) => use(new Uint8Array(length)),
    endsIn(key, source, nonceStart, nonceEnd, offsets, claimed, proof) {
      const bytes = new Uint8Array(source.length)
      source.copyTo(bytes)
      expectRange(bytes.length, claimed, claimed + 32)
      const last = chain(key, bytes, nonceStart, nonceEnd, offsets).slice(-32)
      return equalBytes(proof ? hmac(proofKey, last, 0, 32) : last, bytes.subarray(claimed, claimed + 32))
    },
    seal(key, nonce, plaintext, aad = nothing) {
      expectSealing(key, nonce)
      return sealBytes(key, nonce, plaintext, aad)
    },
    open(key, nonce, sealed, aad = nothing) {
      expectSealing(key, nonce)
      return openSealed(key, nonce, sealed, aad)
    },
    equal: equalBytes,
  }
}

const nothing = new Uint8Array(0)
/** Under this key, Go's library finishes the tail of a proof. */
const proofKey = Uint8Array.from('proof-signature-finalization', (character) => character.charCodeAt(0))
