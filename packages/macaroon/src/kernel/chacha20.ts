/** ChaCha20 in plain TypeScript (RFC 8439 §2.3, §2.4). */

/** One block of key stream: 64 bytes. */
export function chacha20Block(key: Uint8Array, nonce: Uint8Array, counter: number): Uint8Array {
  const block = new Uint8Array(64)
  addBlock(startState(key, nonce), counter, new Int32Array(16), block, 0)
  return block
}

/** Adds the key stream from the block `counter` on to these bytes, in place. */
export function chacha20(key: Uint8Array, nonce: Uint8Array, counter: number, bytes: Uint8Array): void {
  const state = startState(key, nonce)
  const scratch = new Int32Array(16)
  for (let at = 0, block = counter; at < bytes.length; at += 64, block += 1) addBlock(state, block, scratch, bytes, at)
}

function startState(key: Uint8Array, nonce: Uint8Array): Int32Array {
  const state = new Int32Array(16)
  // The words "expand 32-byte k".
  state[0] = 0x61707865
  state[1] = 0x3320646e
  state[2] = 0x79622d32
  state[3] = 0x6b206574
  for (let i = 0; i < 8; i += 1) state[4 + i] = wordAt(key, i * 4)
  for (let i = 0; i < 3; i += 1) state[13 + i] = wordAt(nonce, i * 4)
  return state
}

function addBlock(state: Int32Array, counter: number, scratch: Int32Array, bytes: Uint8Array, start: number): void {
  state[12] = counter
  mixBlock(scratch, state)
  const end = Math.min(start + 64, bytes.length)
  for (let at = start; at < end; at += 1) {
    const word = scratch[(at - start) >> 2] ?? 0
    bytes[at] = (bytes[at] ?? 0) ^ (word >>> (((at - start) & 3) * 8))
  }
}

/** `to` becomes the block of 16 words that the state of 16 words stands for (RFC 8439 §2.3). */
function mixBlock(to: Int32Array, state: Int32Array): void {
  to.set(state)
  for (let round = 0; round < 20; round += 1) {
    // Columns and diagonals in turn.
    const turn = round & 1
    for (let i = 0; i < 4; i += 1) {
      mixQuarter(to, i, 4 + ((i + turn) & 3), 8 + ((i + turn * 2) & 3), 12 + ((i + turn * 3) & 3))
    }
  }
  for (let i = 0; i < 16; i += 1) to[i] = (to[i] ?? 0) + (state[i] ?? 0)
}

/** RFC 8439 §2.1. */
function mixQuarter(x: Int32Array, a: number, b: number, c: number, d: number): void {
  step(x, a, b, d, 16)
  step(x, c, d, b, 12)
  step(x, a, b, d, 8)
  step(x, c, d, b, 7)
}

function step(x: Int32Array, to: number, added: number, turned: number, by: number): void {
  x[to] = (x[to] ?? 0) + (x[added] ?? 0)
  const mixed = (x[turned] ?? 0) ^ (x[to] ?? 0)
  x[turned] = (mixed << by) | (mixed >>> (32 - by))
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
}
