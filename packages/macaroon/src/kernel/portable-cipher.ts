/** The cipher that runs everywhere, of an audited library. */

import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { expectSealing } from './expectations.ts'
import type { Cipher } from './kernel.ts'
import { followChain } from './portable-kernel.ts'

export const portableCipher: Cipher = {
  seal(key, nonce, plaintext, aad) {
    expectSealing(key, nonce)
    return chacha20poly1305(key, nonce, aad).encrypt(plaintext)
  },
  open(key, nonce, sealed, aad) {
    expectSealing(key, nonce)
    try {
      return chacha20poly1305(key, nonce, aad).decrypt(sealed)
    } catch {
      return undefined
    }
  },
  openInChain(boxes, ...chain) {
    const tails = followChain(...chain)
    if (tails === undefined) return undefined
    return boxes.map(({ tail, sealed }) =>
      sealed.length < 28
        ? undefined
        : portableCipher.open(tails.subarray(tail * 32, tail * 32 + 32), sealed.subarray(0, 12), sealed.subarray(12)),
    )
  },
}
