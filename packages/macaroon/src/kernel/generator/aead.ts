/** AEAD_CHACHA20_POLY1305 (RFC 8439 §2.8) in place: at `input` the additional data, filled up to whole blocks, then the text. */

import { layout } from '../wasm-layout.ts'
import type { Func } from './assembler.ts'
import { type Code, call, get, i32, i64, ifThen, set, types, v128 } from './instructions.ts'

interface Indices {
  readonly keystream: number
  readonly encrypt: number
  readonly poly1305: number
}

/** seal(aad, length): encrypts the text of `length` bytes; behind it comes the tag. */
export function seal(indices: Indices): Func {
  return {
    name: 'seal',
    params: [types.i32, types.i32],
    results: [],
    locals: [types.i32],
    code: [
      ...call(indices.keystream, i32.const(0)),
      // A long text moves the key stream on, and the tag is made only then.
      ...copyOneTimeKey(layout.keystream, layout.oneTimeKey),
      ...setText(),
      ...call(indices.encrypt, get(text), get(length)),
      ...copyOneTimeKey(layout.oneTimeKey, layout.keystream),
      ...authenticate(indices),
      ...v128.store(i32.add(get(text), get(length)), v128.load(i32.const(0), layout.tag)),
    ],
  }
}

/** open(aad, length): 1, and the text in the place of the ciphertext, where the tag behind it is right; else 0. */
export function open(indices: Indices): Func {
  const [received, wrong] = [3, 4]
  return {
    name: 'open',
    params: [types.i32, types.i32],
    results: [types.i32],
    locals: [types.i32, types.v128, types.i32],
    code: [
      ...call(indices.keystream, i32.const(0)),
      ...setText(),
      ...set(received, v128.load(i32.add(get(text), get(length)))),
      ...authenticate(indices),
      // All 128 bits at once: the time does not depend on where they differ.
      ...set(wrong, v128.anyTrue(v128.xor(get(received), v128.load(i32.const(0), layout.tag)))),
      ...ifThen(i32.isZero(get(wrong)), call(indices.encrypt, get(text), get(length))),
      ...i32.isZero(get(wrong)),
    ],
  }
}

/**
 * openBox(tail, length): `open` of a text of `length` bytes at `input`, under tail number `tail` and the nonce right before
 * the text.
 */
export function openBox(openIndex: number): Func {
  const [tail, length] = [0, 1]
  const key = i32.add(i32.shl(get(tail), i32.const(5)), i32.const(layout.tails))
  return {
    name: 'openBox',
    params: [types.i32, types.i32],
    results: [types.i32],
    locals: [],
    code: [
      ...[0, 16].flatMap((offset) => v128.store(i32.const(0), v128.load(key, offset), layout.key + offset)),
      // With the four bytes before it, which the counter takes the place of.
      ...v128.store(i32.const(0), v128.load(i32.const(0), layout.input - 16), layout.nonce),
      ...call(openIndex, i32.const(0), get(length)),
    ],
  }
}

/** Locals: the two lengths, and where the text is. */
const aad = 0
const length = 1
const text = 2

function setText(): Code {
  return set(text, i32.add(i32.const(layout.input), wholeBlocks(get(aad))))
}

function wholeBlocks(bytes: Code): Code {
  return i32.and(i32.add(bytes, i32.const(15)), i32.const(-16))
}

/** Fills the ciphertext up with zeros, and puts both lengths behind it (RFC 8439 §2.8). */
function authenticate({ poly1305 }: Indices): Code {
  const lengths = i32.add(get(text), wholeBlocks(get(length)))
  return [
    ...v128.store(i32.add(get(text), get(length)), v128.const(Array.from({ length: 16 }, () => 0))),
    ...i64.store(lengths, i64.extend(get(aad))),
    ...i64.store(lengths, i64.extend(get(length)), 8),
    ...call(poly1305, i32.const(layout.input), i32.add(lengths, i32.const(16))),
  ]
}

function copyOneTimeKey(from: number, to: number): Code {
  return [0, 16].flatMap((offset) => v128.store(i32.const(0), v128.load(i32.const(0), from + offset), to + offset))
}
