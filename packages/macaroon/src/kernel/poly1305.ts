/** Poly1305 in plain TypeScript (RFC 8439 §2.5): few lines, for the few bytes of a ticket, and only without WebAssembly. */

/** The tag of 16 bytes under a one-time key of 32. */
export function poly1305(key: Uint8Array, message: Uint8Array): Uint8Array {
  const factor = readNumber(key, 0) & keptBits
  let sum = 0n
  for (let at = 0; at < message.length; at += 16) {
    // One bit behind the block tells where it ends.
    const end = 1n << BigInt(Math.min(16, message.length - at) * 8)
    sum = ((sum + readNumber(message, at) + end) * factor) % prime
  }
  const tag = new Uint8Array(16)
  const view = new DataView(tag.buffer)
  sum += readNumber(key, 16)
  view.setBigUint64(0, BigInt.asUintN(64, sum), true)
  view.setBigUint64(8, BigInt.asUintN(64, sum >> 64n), true)
  return tag
}

const prime = 2n ** 130n - 5n
const keptBits = 0x0ffffffc_0ffffffc_0ffffffc_0fffffffn

/** The number that up to 16 bytes are, least significant first. */
function readNumber(bytes: Uint8Array, start: number): bigint {
  const block = new Uint8Array(16)
  block.set(bytes.subarray(start, start + 16))
  const view = new DataView(block.buffer)
  return view.getBigUint64(0, true) | (view.getBigUint64(8, true) << 64n)
}
