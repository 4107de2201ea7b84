/** SHA-256 (RFC 6234) and HMAC-SHA256 (RFC 2104) in plain TypeScript, step by step over words. */

import { equalBytes } from './equal-bytes.ts'
import { compress } from './sha256-compress.ts'
import { firstHash } from './sha256-constants.ts'

/** Somewhere to hash: nothing but signing keys means anything between two calls. */
export class Hasher {
  /** What is hashed in a block, and behind it what follows from that. */
  readonly #words = new Int32Array(64)
  readonly #block = this.#words.subarray(0, 16)
  readonly #inner = new Int32Array(8)
  readonly #outer = new Int32Array(8)
  readonly #roots: Root[] = []

  /** Writes the SHA-256 of `bytes` to `out`. */
  hash(bytes: Uint8Array, out: Uint8Array): void {
    copyWords(firstHash, this.#inner)
    this.#absorb(bytes, 0, bytes.length, 0)
    writeWords(this.#inner, out, 0)
  }

  /** Takes a key of at most 64 bytes. */
  setKey(key: Uint8Array): void {
    readBlock(this.#block, key, 0, key.length)
    this.#pad(16)
  }

  /** The same for a signing key of 32 bytes: what follows from the last few is kept (RFC 2104 §4), for they sign often. */
  setRootKey(key: Uint8Array): void {
    const place = (key[0] ?? 0) % rootCount
    const kept = this.#roots[place]
    if (kept !== undefined && equalBytes(kept.key, key)) {
      copyWords(kept.inner, this.#inner)
      copyWords(kept.outer, this.#outer)
      return
    }
    this.setKey(key)
    this.#roots[place] = {
      key: new Uint8Array(key),
      inner: new Int32Array(this.#inner),
      outer: new Int32Array(this.#outer),
    }
  }

  /** Takes the last HMAC for a key: its words are here already. */
  setKeyToLast(): void {
    for (let i = 0; i < 8; i += 1) this.#block[i] = this.#outer[i] ?? 0
    this.#pad(8)
  }

  /** Writes the HMAC of `bytes[start..end)` to `out[at..at + 32)`. A key serves once. */
  mac(bytes: Uint8Array, start: number, end: number, out: Uint8Array, at: number): void {
    const block = this.#block
    this.#absorb(bytes, start, end, 64)
    for (let i = 0; i < 8; i += 1) block[i] = this.#inner[i] ?? 0
    block[8] = 1 << 31
    fillZeros(block, 9)
    block[15] = (64 + 32) * 8
    compress(this.#outer, this.#outer, this.#words)
    writeWords(this.#outer, out, at)
  }

  /** Leaves nothing of what was hashed. */
  wipe(): void {
    fillZeros(this.#words, 0)
    fillZeros(this.#inner, 0)
    fillZeros(this.#outer, 0)
  }

  /** Begins both hashes (RFC 2104 §2) with the key of `length` words that stands in the block. */
  #pad(length: number): void {
    const block = this.#block
    for (let i = 0; i < length; i += 1) block[i] = (block[i] ?? 0) ^ 0x36363636
    for (let i = length; i < 16; i += 1) block[i] = 0x36363636
    compress(this.#inner, firstHash, this.#words)
    for (let i = 0; i < length; i += 1) block[i] = (block[i] ?? 0) ^ (0x36363636 ^ 0x5c5c5c5c)
    for (let i = length; i < 16; i += 1) block[i] = 0x5c5c5c5c
    compress(this.#outer, firstHash, this.#words)
  }

  /** Ends the inner hash, which covers `before` bytes, whole blocks, with `bytes[start..end)` (RFC 6234 §4.1). */
  #absorb(bytes: Uint8Array, start: number, end: number, before: number): void {
    const block = this.#block
    const inner = this.#inner
    let from = start
    for (; end - from >= 64; from += 64) {
      readBlock(block, bytes, from, end)
      compress(inner, inner, this.#words)
    }
    readBlock(block, bytes, from, end)
    const left = end - from
    block[left >> 2] = (block[left >> 2] ?? 0) | (0x80 << (24 - (left & 3) * 8))
    if (left >= 56) {
      compress(inner, inner, this.#words)
      fillZeros(block, 0)
    }
    const length = before + end - start
    block[14] = Math.floor(length / 2 ** 29)
    block[15] = length << 3
    compress(inner, inner, this.#words)
  }
}

/** How many signing keys have what follows from them kept. */
const rootCount = 8

interface Root {
  readonly key: Uint8Array
  readonly inner: Int32Array
  readonly outer: Int32Array
}

function copyWords(from: Int32Array, to: Int32Array): void {
  for (let i = 0; i < 8; i += 1) to[i] = from[i] ?? 0
}

/** The 64 bytes from `start` on as words; what stands from `end` on counts as zero. */
function readBlock(block: Int32Array, bytes: Uint8Array, start: number, end: number): void {
  const whole = Math.min(end - start, 64) >> 2
  for (let i = 0; i < whole; i += 1) {
    const at = start + i * 4
    block[i] =
      ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
  }
  if (whole === 16) return
  fillZeros(block, whole)
  let last = 0
  for (let at = start + whole * 4, shift = 24; at < end; at += 1, shift -= 8) last |= (bytes[at] ?? 0) << shift
  block[whole] = last
}

function writeWords(words: Int32Array, out: Uint8Array, start: number): void {
  for (let i = 0; i < 8; i += 1) {
    const word = words[i] ?? 0
    out[start + i * 4] = word >>> 24
    out[start + i * 4 + 1] = word >>> 16
    out[start + i * 4 + 2] = word >>> 8
    out[start + i * 4 + 3] = word
  }
}

/** For so few words, a loop is faster than the engine's own call. */
function fillZeros(words: Int32Array, from: number): void {
  for (let i = from; i < words.length; i += 1) words[i] = 0
}
