/** ChaCha20-Poly1305 in plain TypeScript: RFC 8439. */

import { equalBytes } from './equal-bytes.ts'

/** AEAD_CHACHA20_POLY1305 (RFC 8439 §2.8): the ciphertext, and behind it the tag. */
export function sealBytes(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(plaintext.length + tagLength)
  const ciphertext = sealed.subarray(0, plaintext.length)
  ciphertext.set(plaintext)
  applyKeystream(key, nonce, ciphertext)
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
  applyKeystream(key, nonce, plaintext)
  return plaintext
}

/** One block of key stream (RFC 8439 §2.3): 64 bytes. */
export function chacha20Block(key: Uint8Array, nonce: Uint8Array, counter: number): Uint8Array {
  const start = new Uint32Array(16)
  start.set(constants)
  const words = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let i = 0; i < 8; i += 1) start[4 + i] = words(key).getUint32(i * 4, true)
  start[12] = counter
  for (let i = 0; i < 3; i += 1) start[13 + i] = words(nonce).getUint32(i * 4, true)

  const state = new Uint32Array(start)
  for (let round = 0; round < 10; round += 1) {
    quarterRound(state, 0, 4, 8, 12)
    quarterRound(state, 1, 5, 9, 13)
    quarterRound(state, 2, 6, 10, 14)
    quarterRound(state, 3, 7, 11, 15)
    quarterRound(state, 0, 5, 10, 15)
    quarterRound(state, 1, 6, 11, 12)
    quarterRound(state, 2, 7, 8, 13)
    quarterRound(state, 3, 4, 9, 14)
  }
  const block = new Uint8Array(64)
  for (let i = 0; i < 16; i += 1) words(block).setUint32(i * 4, (state[i] ?? 0) + (start[i] ?? 0), true)
  return block
}

/** Poly1305 (RFC 8439 §2.5) under a one-time key of 32 bytes: a tag of 16. */
export function poly1305(key: Uint8Array, message: Uint8Array): Uint8Array {
  const r = readLimbs(key, 0, 16)
  // Bit 32n + 28 … 31 and bit 32n, 32n + 1 of all words but the first are cleared (RFC 8439 §2.5).
  for (let i = 0; i < limbs; i += 1) r[i] = (r[i] ?? 0) & (clamp[i] ?? 0)

  const sum = new Float64Array(limbs)
  const product = new Float64Array(limbs)
  for (let at = 0; at < message.length; at += 16) {
    const length = Math.min(16, message.length - at)
    const block = readLimbs(message, at, length)
    const bit = length * 8
    block[Math.floor(bit / limbBits)] = (block[Math.floor(bit / limbBits)] ?? 0) + 2 ** (bit % limbBits)
    for (let i = 0; i < limbs; i += 1) sum[i] = (sum[i] ?? 0) + (block[i] ?? 0)
    multiply(sum, r, product)
    carry(product)
    sum.set(product)
  }
  reduce(sum)
  return addAndWrite(sum, readLimbs(key, 16, 16))
}

const tagLength = 16

/** The words "expand 32-byte k". */
const constants = Uint32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574)

/** Numbers below 2^130 as ten limbs of 13 bits: ten products of such limbs, each times five, stay below 2^53. */
const limbs = 10
const limbBits = 13
const limbMask = 0x1fff

const clamp = readLimbs(
  Uint8Array.of(0xff, 0xff, 0xff, 0x0f, 0xfc, 0xff, 0xff, 0x0f, 0xfc, 0xff, 0xff, 0x0f, 0xfc, 0xff, 0xff, 0x0f),
  0,
  16,
)

/** Adds the key stream from block 1 on (RFC 8439 §2.4); block 0 makes the key of the tag. */
function applyKeystream(key: Uint8Array, nonce: Uint8Array, bytes: Uint8Array): void {
  for (let at = 0, counter = 1; at < bytes.length; at += 64, counter += 1) {
    const block = chacha20Block(key, nonce, counter)
    const end = Math.min(64, bytes.length - at)
    for (let i = 0; i < end; i += 1) bytes[at + i] = (bytes[at + i] ?? 0) ^ (block[i] ?? 0)
  }
}

/** The tag (RFC 8439 §2.8): over both texts, each filled up to whole blocks, and their two lengths. */
function authenticate(key: Uint8Array, nonce: Uint8Array, ciphertext: Uint8Array, aad: Uint8Array): Uint8Array {
  const behindAad = Math.ceil(aad.length / 16) * 16
  const behindBoth = behindAad + Math.ceil(ciphertext.length / 16) * 16
  const message = new Uint8Array(behindBoth + 16)
  message.set(aad)
  message.set(ciphertext, behindAad)
  const view = new DataView(message.buffer)
  view.setUint32(behindBoth, aad.length, true)
  view.setUint32(behindBoth + 8, ciphertext.length, true)
  return poly1305(chacha20Block(key, nonce, 0).subarray(0, 32), message)
}

/** RFC 8439 §2.1. */
function quarterRound(state: Uint32Array, a: number, b: number, c: number, d: number): void {
  let wordA = state[a] ?? 0
  let wordB = state[b] ?? 0
  let wordC = state[c] ?? 0
  let wordD = state[d] ?? 0
  wordA = (wordA + wordB) | 0
  wordD = rotateLeft(wordD ^ wordA, 16)
  wordC = (wordC + wordD) | 0
  wordB = rotateLeft(wordB ^ wordC, 12)
  wordA = (wordA + wordB) | 0
  wordD = rotateLeft(wordD ^ wordA, 8)
  wordC = (wordC + wordD) | 0
  wordB = rotateLeft(wordB ^ wordC, 7)
  state[a] = wordA
  state[b] = wordB
  state[c] = wordC
  state[d] = wordD
}

function rotateLeft(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by))
}

/** `length` bytes, least significant first, as limbs. */
function readLimbs(bytes: Uint8Array, at: number, length: number): Float64Array {
  const out = new Float64Array(limbs)
  let value = 0
  let bits = 0
  let limb = 0
  for (let i = 0; i < length; i += 1) {
    value |= (bytes[at + i] ?? 0) << bits
    bits += 8
    if (bits < limbBits) continue
    out[limb++] = value & limbMask
    value >>>= limbBits
    bits -= limbBits
  }
  if (bits > 0) out[limb] = value
  return out
}

/** Limb i + j of a · b; what passes 2^130 comes back five times, for 2^130 ≡ 5. */
function multiply(a: Float64Array, b: Float64Array, out: Float64Array): void {
  for (let to = 0; to < limbs; to += 1) {
    let low = 0
    let high = 0
    for (let i = 0; i <= to; i += 1) low += (a[i] ?? 0) * (b[to - i] ?? 0)
    for (let i = to + 1; i < limbs; i += 1) high += (a[i] ?? 0) * (b[to + limbs - i] ?? 0)
    out[to] = low + 5 * high
  }
}

/** Brings every limb down to 13 bits, but for a bit or so that limb 1 may keep. */
function carry(value: Float64Array): void {
  let over = 0
  for (let i = 0; i < limbs; i += 1) {
    const limb = (value[i] ?? 0) + over
    over = Math.floor(limb / (limbMask + 1))
    value[i] = limb - over * (limbMask + 1)
  }
  const first = (value[0] ?? 0) + 5 * over
  over = Math.floor(first / (limbMask + 1))
  value[0] = first - over * (limbMask + 1)
  value[1] = (value[1] ?? 0) + over
}

/** The one representative below 2^130 - 5, without a branch on the value. */
function reduce(value: Float64Array): void {
  carry(value)
  carry(value)
  const less = new Float64Array(limbs)
  let over = 5
  for (let i = 0; i < limbs; i += 1) {
    const limb = (value[i] ?? 0) + over
    over = limb >>> limbBits
    less[i] = limb & limbMask
  }
  // `over` is 1 where value + 5 reaches 2^130, which is where value reaches the modulus.
  const mask = -over
  for (let i = 0; i < limbs; i += 1) value[i] = ((value[i] ?? 0) & ~mask) | ((less[i] ?? 0) & mask)
}

/** (value + key) mod 2^128, least significant byte first. */
function addAndWrite(value: Float64Array, key: Float64Array): Uint8Array {
  const out = new Uint8Array(tagLength)
  let pending = 0
  let bits = 0
  let at = 0
  for (let i = 0; i < limbs; i += 1) {
    pending += ((value[i] ?? 0) + (key[i] ?? 0)) * 2 ** bits
    for (bits += limbBits; bits >= 8 && at < tagLength; bits -= 8) {
      out[at++] = pending & 0xff
      pending = Math.floor(pending / 256)
    }
  }
  return out
}
