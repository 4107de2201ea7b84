/** Sealed boxes: a nonce of 12 bytes and what AEAD_CHACHA20_POLY1305 (RFC 8439) makes under it, as Go's `seal`. */

import { defaultCipher } from '#kernel'

export const boxNonceLength = 12
/** How many bytes a box has more than what is in it: the nonce, and the tag at its end. */
export const boxOverhead = boxNonceLength + 16

/** The nonce and the sealed plaintext behind it. Under one key, a nonce must never come twice. */
export function sealBox(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const sealed = defaultCipher.seal(key, nonce, plaintext)
  const box = new Uint8Array(nonce.length + sealed.length)
  box.set(nonce)
  box.set(sealed, nonce.length)
  return box
}

/** What is in the box; undefined where it was not sealed with this key or was changed since. */
export function openBox(key: Uint8Array, box: Uint8Array): Uint8Array | undefined {
  if (box.length < boxOverhead) return undefined
  return defaultCipher.open(key, box.subarray(0, boxNonceLength), box.subarray(boxNonceLength))
}
