/** AEAD_CHACHA20_POLY1305 in plain TypeScript (RFC 8439 §2.8). */

import { chacha20, chacha20Block } from './chacha20.ts'
import { equalBytes } from './equal-bytes.ts'
import { poly1305 } from './poly1305.ts'

/** The ciphertext, and behind it the tag. */
export function sealBytes(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(plaintext.length + tagLength)
  const ciphertext = sealed.subarray(0, plaintext.length)
  ciphertext.set(plaintext)
  chacha20(key, nonce, 1, ciphertext)
  sealed.set(authenticate(key, nonce, ciphertext, aad), plaintext.length)
  return sealed
}

/** What was sealed; undefined where the tag does not belong to it. */
export function openSealed(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  aad: Uint8Array,
): Uint8Array | undefined {
  const length = sealed.length - tagLength
  if (length < 0) return undefined
  const ciphertext = sealed.subarray(0, length)
  if (!equalBytes(authenticate(key, nonce, ciphertext, aad), sealed.subarray(length))) return undefined
  const plaintext = new Uint8Array(ciphertext)
  chacha20(key, nonce, 1, plaintext)
  return plaintext
}

const tagLength = 16

/** Over both texts, each filled up to whole blocks, and their two lengths; block 0 of the key stream is the key. */
function authenticate(key: Uint8Array, nonce: Uint8Array, ciphertext: Uint8Array, aad: Uint8Array): Uint8Array {
  const behindAad = Math.ceil(aad.length / 16) * 16
  const behindBoth = behindAad + Math.ceil(ciphertext.length / 16) * 16
  const message = new Uint8Array(behindBoth + 16)
  message.set(aad)
  message.set(ciphertext, behindAad)
  const view = new DataView(message.buffer)
  view.setUint32(behindBoth, aad.length, true)
  view.setUint32(behindBoth + 8, ciphertext.length, true)
  return poly1305(chacha20Block(key, nonce, 0), message)
}
