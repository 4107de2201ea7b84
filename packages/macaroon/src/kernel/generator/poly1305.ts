/** Poly1305 (RFC 8439 §2.5) with limbs of 26 bits: the products of two of them, summed up, fit into 64. */

import { layout } from '../wasm-layout.ts'
import type { Func } from './assembler.ts'
import { type Code, get, i32, i64, loopWhile, set, tee, types } from './instructions.ts'

/** poly1305(start, end): the tag of these whole blocks under the first 32 bytes of the key stream, at `tag`. */
export function poly1305(): Func {
  return {
    name: 'poly1305',
    params: [types.i32, types.i32],
    results: [],
    locals: Array.from({ length: 17 }, () => types.i64),
    code: poly1305Code(),
  }
}

/** Locals: where we are, the end, r, the sum, the products, and two halves of a number of 128 bits. */
const at = 0
const end = 1
const r = (i: number) => 2 + i
const h = (i: number) => 7 + i
const product = (i: number) => 12 + i
const low = 17
const high = 18

const limbs = [0, 1, 2, 3, 4]
const limbMask = i64.const(0x3ffffff)

function poly1305Code(): Code {
  const oneTimeKey = (offset: number) => i64.load(i32.const(0), layout.keystream + offset)
  return [
    // RFC 8439 §2.5: some bits of r are cleared.
    ...set(low, i64.and(oneTimeKey(0), i64.const(0x0ffffffc0fffffffn))),
    ...set(high, i64.and(oneTimeKey(8), i64.const(0x0ffffffc0ffffffcn))),
    ...limbs.flatMap((i) => set(r(i), limbOfHalves(i))),
    ...loopWhile(i32.less(get(at), get(end)), [
      ...set(low, i64.load(get(at))),
      ...set(high, i64.load(get(at), 8)),
      ...limbs.flatMap((i) => add(h(i), limbOfHalves(i))),
      // The bit behind the block.
      ...add(h(4), i64.const(1 << 24)),
      ...limbs.flatMap((i) => set(product(i), multiply(i))),
      ...limbs.flatMap((i) => set(h(i), get(product(i)))),
      ...carry(),
      ...set(at, i32.add(get(at), i32.const(16))),
    ]),
    ...carry(),
    ...carry(),
    ...reduce(),
    ...set(low, i64.or(i64.or(get(h(0)), shiftLeft(h(1), 26)), shiftLeft(h(2), 52))),
    ...set(high, i64.or(i64.or(shiftRight(h(2), 12), shiftLeft(h(3), 14)), shiftLeft(h(4), 40))),
    ...i64.store(i32.const(0), tee(low, i64.add(get(low), oneTimeKey(16))), layout.tag),
    ...add(high, i64.extend(i64.less(get(low), oneTimeKey(16)))),
    ...i64.store(i32.const(0), i64.add(get(high), oneTimeKey(24)), layout.tag + 8),
  ]
}

function add(to: number, value: Code): Code {
  return set(to, i64.add(get(to), value))
}

function shiftLeft(local: number, by: number): Code {
  return i64.shl(get(local), i64.const(by))
}

function shiftRight(local: number, by: number): Code {
  return i64.shr(get(local), i64.const(by))
}

/** Bits 26 i … of the 128 in the two halves. */
function limbOfHalves(i: number): Code {
  if (i === 0) return i64.and(get(low), limbMask)
  if (i === 1) return i64.and(shiftRight(low, 26), limbMask)
  if (i === 2) return i64.and(i64.or(shiftRight(low, 52), shiftLeft(high, 12)), limbMask)
  if (i === 3) return i64.and(shiftRight(high, 14), limbMask)
  return shiftRight(high, 40)
}

/** Limb `to` of h · r; what passes 2^130 comes back five times, for 2^130 ≡ 5. */
function multiply(to: number): Code {
  const term = (i: number) => i64.mul(get(h(i)), get(r((to - i + 5) % 5)))
  const sum = (terms: readonly Code[]) => terms.reduce((total, one) => i64.add(total, one))
  const near = sum(limbs.filter((i) => i <= to).map(term))
  return to === 4 ? near : i64.add(near, i64.mul(sum(limbs.filter((i) => i > to).map(term)), i64.const(5)))
}

/** Brings every limb down to 26 bits, but for the little that limb 1 may keep. */
function carry(): Code {
  const step = (from: number, to: number, times = 1) => {
    const over = shiftRight(h(from), 26)
    return [
      ...add(h(to), times === 1 ? over : i64.mul(over, i64.const(times))),
      ...set(h(from), i64.and(get(h(from)), limbMask)),
    ]
  }
  return [...[0, 1, 2, 3].flatMap((i) => step(i, i + 1)), ...step(4, 0, 5), ...step(0, 1)]
}

/** The one representative below 2^130 - 5, without a branch on the value. */
function reduce(): Code {
  return [
    ...set(low, i64.const(5)),
    ...limbs.flatMap((i) => [
      ...set(low, i64.add(get(h(i)), get(low))),
      ...set(product(i), i64.and(get(low), limbMask)),
      ...set(low, shiftRight(low, 26)),
    ]),
    // `low` is 1 where h + 5 reaches 2^130, which is where h reaches the modulus; the mask is then all ones.
    ...set(low, i64.sub(i64.const(0), get(low))),
    ...limbs.flatMap((i) => {
      const differing = i64.and(i64.xor(get(h(i)), get(product(i))), get(low))
      return set(h(i), i64.xor(get(h(i)), differing))
    }),
  ]
}
