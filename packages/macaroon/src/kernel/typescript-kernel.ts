/** The kernel in plain TypeScript, for wherever WebAssembly may not be compiled. */

import { hmac } from '@noble/hashes/hmac.js'
import { sha1 } from '@noble/hashes/legacy.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { openSealed, sealBytes } from './chacha20-poly1305.ts'
import { equalBytes } from './equal-bytes.ts'
import type { Kernel } from './kernel.ts'

export const typescriptKernel: Kernel = {
  name: 'typescript',
  sha1: (bytes) => sha1(bytes),
  sha256: (bytes) => sha256(bytes),
  hmac: (key, bytes, start, end) => hmac(sha256, key, bytes.subarray(start, end)),
  chain(key, bytes, nonceStart, nonceEnd, offsets) {
    const tails = new Uint8Array(Math.max(offsets.length, 1) * 32)
    let tail = hmac(sha256, key, bytes.subarray(nonceStart, nonceEnd))
    tails.set(tail)
    for (let i = 0; i + 1 < offsets.length; i += 1) {
      const caveat = bytes.subarray(offsets[i], offsets[i + 1])
      tail = hmac.create(sha256, tail).update(pairHead).update(caveat).digest()
      tails.set(tail, (i + 1) * 32)
    }
    return tails
  },
  seal: (key, nonce, plaintext, aad = nothing) => sealBytes(key, nonce, plaintext, aad),
  open: (key, nonce, sealed, aad = nothing) => openSealed(key, nonce, sealed, aad),
  equal: equalBytes,
}

const nothing = new Uint8Array(0)
const pairHead = Uint8Array.of(0x92)
