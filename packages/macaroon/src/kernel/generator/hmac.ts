/** HMAC-SHA256 (RFC 2104 §2, RFC 4231) and the chain of a macaroon over linear memory, in one call. */

import { layout } from '../wasm-layout.ts'
import type { Func } from './assembler.ts'
import { type Code, call, get, i32, loopWhile, set, types, v128 } from './instructions.ts'
import { loadWords, swapBytes } from './sha256.ts'

interface Indices {
  readonly compress: number
  readonly absorb: number
  readonly mac: number
}

/** mac(k0, k1, k2, k3, start, length): the HMAC under these 16 words of key is in `digest`, as words. */
export function mac({ compress, absorb }: Indices): Func {
  const [k0, k1, k2, k3, start, length] = [0, 1, 2, 3, 4, 5]
  const pad = (byte: number, to: number) => {
    const words = [k0, k1, k2, k3].map((k) => v128.xor(get(k), repeat(byte)))
    return call(compress, ...words, i32.const(layout.initialHash), i32.const(to))
  }
  return {
    params: [types.v128, types.v128, types.v128, types.v128, types.i32, types.i32],
    results: [],
    locals: [],
    code: [
      ...pad(0x36, layout.inner),
      ...pad(0x5c, layout.outer),
      ...call(absorb, i32.const(layout.inner), get(start), get(length), i32.const(64)),
      // The outer text is the 32 bytes of the inner hash: words that are there already.
      ...call(
        compress,
        ...loadWords(i32.const(0), layout.inner),
        words(0x80000000, 0, 0, 0),
        words(0, 0, 0, (64 + 32) * 8),
        i32.const(layout.outer),
        i32.const(layout.digest),
      ),
    ],
  }
}

/** hash(length): SHA-256 of the input, as tail 0. */
export function hash({ absorb }: Indices): Func {
  return {
    name: 'hash',
    params: [types.i32],
    results: [],
    locals: [],
    code: [
      ...[0, 16].flatMap((offset) =>
        v128.store(i32.const(0), v128.load(i32.const(0), layout.initialHash + offset), layout.digest + offset),
      ),
      ...call(absorb, i32.const(layout.digest), i32.const(layout.input), get(0), i32.const(0)),
      ...writeDigest(i32.const(layout.tails)),
    ],
  }
}

/** hmac(length): the HMAC of the input under the 64 bytes at `key`, as tail 0. */
export function hmac({ mac }: Indices): Func {
  const key = [0, 16, 32, 48].map((offset) => swapBytes(v128.load(i32.const(0), layout.key + offset)))
  return {
    name: 'hmac',
    params: [types.i32],
    results: [],
    locals: [],
    code: [...call(mac, ...key, i32.const(layout.input), get(0)), ...writeDigest(i32.const(layout.tails))],
  }
}

/**
 * chain(nonceStart, nonceEnd, caveats): all tails, under the 32 bytes at `key`. The starts of the caveats, and the end of
 * the last, are at `offsets`, counted like the nonce from the start of the input.
 */
export function chain({ mac }: Indices): Func {
  const [start, end, left, offset, tail] = [0, 1, 2, 3, 4]
  const bump = (local: number, by: number) => set(local, i32.add(get(local), i32.const(by)))
  const macUnder = (k0: Code, k1: Code, start: Code, length: Code) =>
    call(mac, k0, k1, words(0, 0, 0, 0), words(0, 0, 0, 0), start, length)
  const head = i32.sub(get(start), i32.const(1))
  return {
    name: 'chain',
    params: [types.i32, types.i32, types.i32],
    results: [],
    locals: [types.i32, types.i32],
    code: [
      ...macUnder(
        ...(loadWords(i32.const(0), layout.key).map(swapBytes) as [Code, Code]),
        i32.add(get(start), i32.const(layout.input)),
        i32.sub(get(end), get(start)),
      ),
      ...set(tail, i32.const(layout.tails)),
      ...set(offset, i32.const(layout.offsets)),
      ...loopWhile(get(left), [
        ...writeDigest(get(tail)),
        ...bump(tail, 32),
        ...set(start, i32.add(i32.load(get(offset)), i32.const(layout.input))),
        ...set(end, i32.add(i32.load(get(offset), 4), i32.const(layout.input))),
        ...bump(offset, 4),
        // The head of an array of two takes the place of a byte that has been hashed, or is the head of the array around.
        ...i32.store8(head, i32.const(0x92)),
        ...macUnder(
          ...loadWords(i32.const(0), layout.digest),
          head,
          i32.add(i32.sub(get(end), get(start)), i32.const(1)),
        ),
        ...set(left, i32.sub(get(left), i32.const(1))),
      ]),
      ...writeDigest(get(tail)),
    ],
  }
}

function writeDigest(address: Code): Code {
  const [low, high] = loadWords(i32.const(0), layout.digest).map(swapBytes) as [Code, Code]
  return [...v128.store(address, low), ...v128.store(address, high, 16)]
}

function repeat(byte: number): Code {
  return v128.const(Array.from({ length: 16 }, () => byte))
}

function words(...values: readonly number[]): Code {
  return v128.const(values.flatMap((value) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff)))
}
