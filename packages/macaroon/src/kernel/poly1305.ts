/** Poly1305 in plain TypeScript (RFC 8439 §2.5). */

/** The tag of 16 bytes under a one-time key of 32. */
export function poly1305(key: Uint8Array, message: Uint8Array): Uint8Array {
  const r = new Float64Array(limbs)
  addLimbs(r, clamped(key), 0, 16)
  const sum = new Float64Array(limbs)
  const product = new Float64Array(limbs)
  for (let at = 0; at < message.length; at += 16) {
    const length = Math.min(16, message.length - at)
    addLimbs(sum, message, at, length)
    // One bit behind the block tells where it ends.
    const bit = length * 8
    const limb = Math.floor(bit / limbBits)
    sum[limb] = (sum[limb] ?? 0) + 2 ** (bit % limbBits)
    multiply(sum, r, product)
    carry(product, sum)
  }
  carry(sum, sum)
  reduce(sum)
  addLimbs(sum, key, 16, 16)
  return writeLimbs(sum)
}

/** Numbers below 2^130 as ten limbs of 13 bits: ten products of such limbs, each times five, stay far below 2^53. */
const limbs = 10
const limbBits = 13
const limbSize = 0x2000

/** The first half of the key, some of whose bits are cleared. */
function clamped(key: Uint8Array): Uint8Array {
  const r = key.slice(0, 16)
  for (let i = 3; i < 16; i += 4) r[i] = (r[i] ?? 0) & 15
  for (let i = 4; i < 16; i += 4) r[i] = (r[i] ?? 0) & 252
  return r
}

/** Adds the number that `length` bytes are, least significant first. */
function addLimbs(to: Float64Array, bytes: Uint8Array, start: number, length: number): void {
  let value = 0
  let bits = 0
  let limb = 0
  for (let i = start; i < start + length; i += 1) {
    value |= (bytes[i] ?? 0) << bits
    bits += 8
    if (bits < limbBits) continue
    to[limb] = (to[limb] ?? 0) + (value & (limbSize - 1))
    limb += 1
    value >>>= limbBits
    bits -= limbBits
  }
  if (limb < limbs) to[limb] = (to[limb] ?? 0) + value
}

/** out = a · b mod 2^130 - 5: what passes 2^130 comes back five times. Nothing is carried yet. */
function multiply(a: Float64Array, b: Float64Array, out: Float64Array): void {
  for (let to = 0; to < limbs; to += 1) {
    let near = 0
    let far = 0
    for (let i = 0; i <= to; i += 1) near += (a[i] ?? 0) * (b[to - i] ?? 0)
    for (let i = to + 1; i < limbs; i += 1) far += (a[i] ?? 0) * (b[to + limbs - i] ?? 0)
    out[to] = near + 5 * far
  }
}

/** Brings every limb down to 13 bits, but for a bit or so that limb 1 may keep. */
function carry(from: Float64Array, to: Float64Array): void {
  let over = 0
  for (let i = 0; i < limbs; i += 1) {
    const limb = (from[i] ?? 0) + over
    over = Math.floor(limb / limbSize)
    to[i] = limb - over * limbSize
  }
  const first = (to[0] ?? 0) + 5 * over
  over = Math.floor(first / limbSize)
  to[0] = first - over * limbSize
  to[1] = (to[1] ?? 0) + over
}

/** The one representative below 2^130 - 5, without a branch on the value. */
function reduce(value: Float64Array): void {
  const less = new Float64Array(limbs)
  let over = 5
  for (let i = 0; i < limbs; i += 1) {
    const limb = (value[i] ?? 0) + over
    over = limb >>> limbBits
    less[i] = limb & (limbSize - 1)
  }
  // 1 where value + 5 reaches 2^130, which is where value reaches the modulus; the mask is then all ones.
  const mask = -over
  for (let i = 0; i < limbs; i += 1) value[i] = ((value[i] ?? 0) & ~mask) | ((less[i] ?? 0) & mask)
}

/** The lowest 128 bits, least significant byte first. */
function writeLimbs(value: Float64Array): Uint8Array {
  const out = new Uint8Array(16)
  let pending = 0
  let bits = 0
  let at = 0
  for (let i = 0; i < limbs; i += 1) {
    pending += (value[i] ?? 0) * 2 ** bits
    for (bits += limbBits; bits >= 8 && at < 16; bits -= 8) {
      out[at++] = pending & 0xff
      pending = Math.floor(pending / 256)
    }
  }
  return out
}
