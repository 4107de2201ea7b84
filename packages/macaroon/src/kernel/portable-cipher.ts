/** The cipher that runs everywhere, of an audited library. */

import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { expectSealing } from './expectations.ts'
import type { Cipher } from './kernel.ts'

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
}
