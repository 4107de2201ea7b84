/** SHA-1 (RFC 3174), for nothing but the ids of tokens: those are UUIDs of version 5. */

export function sha1(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29))
  view.setUint32(padded.length - 4, bytes.length << 3)

  const hash = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0)
  const words = new Int32Array(80)
  for (let at = 0; at < padded.length; at += 64) {
    for (let t = 0; t < 16; t += 1) words[t] = view.getInt32(at + t * 4)
    compress(hash, words)
  }
  const digest = new Uint8Array(20)
  const out = new DataView(digest.buffer)
  for (let i = 0; i < 5; i += 1) out.setInt32(i * 4, hash[i] ?? 0)
  return digest
}

/** RFC 3174 §6.1, over a block in the first 16 of 80 words. */
function compress(hash: Int32Array, words: Int32Array): void {
  const word = (t: number) => words[t] ?? 0
  for (let t = 16; t < 80; t += 1) {
    words[t] = rotateLeft(word(t - 3) ^ word(t - 8) ^ word(t - 14) ^ word(t - 16), 1)
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0] = hash
  for (let t = 0; t < 80; t += 1) {
    const mixed = (rotateLeft(a, 5) + mix(t, b, c, d) + e + word(t)) | 0
    e = d
    d = c
    c = rotateLeft(b, 30)
    b = a
    a = mixed
  }
  for (const [i, value] of [a, b, c, d, e].entries()) hash[i] = (hash[i] ?? 0) + value
}

/** The function of round t and its constant (RFC 3174 §5). */
function mix(t: number, b: number, c: number, d: number): number {
  if (t < 20) return ((b & c) | (~b & d)) + 0x5a827999
  if (t < 40) return (b ^ c ^ d) + 0x6ed9eba1
  if (t < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
  return (b ^ c ^ d) + 0xca62c1d6
}

function rotateLeft(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by))
}
