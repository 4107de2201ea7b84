/** SHA-256's block function in plain TypeScript (RFC 6234 §6.2). */

import { roundConstants } from './sha256-constants.ts'

/** `to` becomes the hash that follows on `from` by one block: the first 16 of 64 words, the rest of which is scratch. */
export function compress(to: Int32Array, from: Int32Array, words: Int32Array): void {
  for (let t = 16; t < 64; t += 1) {
    const x = words[t - 15] ?? 0
    const y = words[t - 2] ?? 0
    const sigma0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const sigma1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    words[t] = (words[t - 16] ?? 0) + sigma0 + (words[t - 7] ?? 0) + sigma1
  }
  let a = from[0] ?? 0
  let b = from[1] ?? 0
  let c = from[2] ?? 0
  let d = from[3] ?? 0
  let e = from[4] ?? 0
  let f = from[5] ?? 0
  let g = from[6] ?? 0
  let h = from[7] ?? 0
  // Unrolled it would take a sixth less time, and 2 KB more of every page.
  for (let t = 0; t < 64; t += 1) {
    const sigma1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const sigma0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const first = (h + sigma1 + (g ^ (e & (f ^ g))) + (roundConstants[t] ?? 0) + (words[t] ?? 0)) | 0
    const second = sigma0 + ((a & b) ^ (c & (a ^ b)))
    h = g
    g = f
    f = e
    e = (d + first) | 0
    d = c
    c = b
    b = a
    a = (first + second) | 0
  }
  to[0] = (from[0] ?? 0) + a
  to[1] = (from[1] ?? 0) + b
  to[2] = (from[2] ?? 0) + c
  to[3] = (from[3] ?? 0) + d
  to[4] = (from[4] ?? 0) + e
  to[5] = (from[5] ?? 0) + f
  to[6] = (from[6] ?? 0) + g
  to[7] = (from[7] ?? 0) + h
}
