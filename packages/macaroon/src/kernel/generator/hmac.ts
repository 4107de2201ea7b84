/** HMAC-SHA256 (RFC 2104 §2, RFC 4231) over linear memory. */

import { layout } from '../wasm-layout.ts'
import type { Func } from './assembler.ts'
import { type Code, call, get, i32, types, v128 } from './instructions.ts'
import { loadWords, swapBytes } from './sha256.ts'

interface Indices {
  readonly compress: number
  readonly absorb: number
  readonly pads: number
  readonly mac: number
}

/** pads(k0, k1, k2, k3, to): the hashes of the two pads of these 16 words of key, one behind the other. */
export function pads({ compress }: Indices): Func {
  const [k0, k1, k2, k3, to] = [0, 1, 2, 3, 4]
  const pad = (byte: number, at: Code) => {
    const padded = [k0, k1, k2, k3].map((k) => v128.xor(get(k), repeat(byte)))
    return call(compress, ...padded, i32.const(layout.initialHash), at)
  }
  return {
    params: [types.v128, types.v128, types.v128, types.v128, types.i32],
    results: [],
    locals: [],
    code: [...pad(0x36, get(to)), ...pad(0x5c, i32.add(get(to), i32.const(32)))],
  }
}

/** mac(start, length): the HMAC with the hashes of the pads at `inner` and `outer` is in `digest`, as words. */
export function mac({ compress, absorb }: Indices): Func {
  const [start, length] = [0, 1]
  return {
    params: [types.i32, types.i32],
    results: [],
    locals: [],
    code: [
      ...call(absorb, i32.const(layout.inner), get(start), get(length), i32.const(64)),
      // The outer text is the 32 bytes of the inner hash, which are words already.
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
export function hmac({ pads, mac }: Indices): Func {
  const key = [0, 16, 32, 48].map((offset) => swapBytes(v128.load(i32.const(0), layout.key + offset)))
  return {
    name: 'hmac',
    params: [types.i32],
    results: [],
    locals: [],
    code: [
      ...call(pads, ...key, i32.const(layout.inner)),
      ...call(mac, i32.const(layout.input), get(0)),
      ...writeDigest(i32.const(layout.tails)),
    ],
  }
}

/** The digest as bytes, most significant first. */
export function writeDigest(address: Code): Code {
  const [low, high] = loadWords(i32.const(0), layout.digest).map(swapBytes) as [Code, Code]
  return [...v128.store(address, low), ...v128.store(address, high, 16)]
}

function repeat(byte: number): Code {
  return v128.const(Array.from({ length: 16 }, () => byte))
}

export function words(...values: readonly number[]): Code {
  return v128.const(values.flatMap((value) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff)))
}
