/** ChaCha20 in plain TypeScript (RFC 8439 §2.3, §2.4). */

import { mixBlock } from './chacha20-block.gen.ts'

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

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
}
