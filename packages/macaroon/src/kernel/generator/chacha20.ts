/** ChaCha20 (RFC 8439 §2.1 to §2.4), two blocks at a time so that the steps of one fill the waits of the other. */

import { layout } from '../wasm-layout.ts'
import type { Func } from './assembler.ts'
import { asciiBytes, type Code, call, get, i32, ifThen, loopWhile, set, types, v128 } from './instructions.ts'

/** keystream(counter): the blocks `counter` and `counter + 1`, at `keystream`. */
export function keystream(): Func {
  return {
    params: [types.i32],
    results: [],
    locals: [types.i32, ...Array.from({ length: 8 }, () => types.v128)],
    code: keystreamCode(),
  }
}

/** encrypt(start, length): adds the key stream from block 1 on, which is at hand already, with block 0 before it. */
export function encrypt(keystreamIndex: number): Func {
  const [start, end, stop, counter, from] = [0, 1, 2, 3, 4]
  const bump = (local: number, by: number) => set(local, i32.add(get(local), i32.const(by)))
  const least = i32.add(get(start), i32.sub(i32.const(keystreamEnd), get(from)))
  return {
    params: [types.i32, types.i32],
    results: [],
    locals: [types.i32, types.i32, types.i32],
    code: [
      ...set(end, i32.add(get(start), get(end))),
      ...set(counter, i32.const(2)),
      ...set(from, i32.const(layout.keystream + 64)),
      ...loopWhile(i32.less(get(start), get(end)), [
        // Up to the end of the key stream, and past the end of the text by less than what one vector holds.
        ...set(stop, least),
        ...loopWhile(i32.and(i32.less(get(start), get(stop)), i32.less(get(start), get(end))), [
          ...v128.store(get(start), v128.xor(v128.load(get(start)), v128.load(get(from)))),
          ...bump(start, 16),
          ...bump(from, 16),
        ]),
        ...ifThen(i32.less(get(start), get(end)), [
          ...set(from, i32.const(layout.keystream)),
          ...call(keystreamIndex, get(counter)),
          ...bump(counter, 2),
        ]),
      ]),
    ],
  }
}

const keystreamEnd = layout.keystream + 128

/** Locals: the counter, the rounds left, and the four rows of each block. */
const counter = 0
const left = 1
const blocks = [
  { a: 2, b: 3, c: 4, d: 5 },
  { a: 6, b: 7, c: 8, d: 9 },
] as const

type Row = 'a' | 'b' | 'c' | 'd'

function keystreamCode(): Code {
  const start = (block: number): Readonly<Record<Row, Code>> => ({
    // The words "expand 32-byte k".
    a: v128.const(asciiBytes('expand 32-byte k')),
    b: v128.load(i32.const(0), layout.key),
    c: v128.load(i32.const(0), layout.key + 16),
    // The nonce stands behind four bytes that the counter takes.
    d: v128.replaceLane(v128.load(i32.const(0), layout.nonce), 0, i32.add(get(counter), i32.const(block))),
  })
  const rows = ['a', 'b', 'c', 'd'] as const
  return [
    ...blocks.flatMap((block, i) => rows.flatMap((row) => set(block[row], start(i)[row]))),
    ...set(left, i32.const(10)),
    ...loopWhile(get(left), [
      ...quarterRounds(),
      ...turn([1, 2, 3, 0], [2, 3, 0, 1], [3, 0, 1, 2]),
      ...quarterRounds(),
      ...turn([3, 0, 1, 2], [2, 3, 0, 1], [1, 2, 3, 0]),
      ...set(left, i32.sub(get(left), i32.const(1))),
    ]),
    ...blocks.flatMap((block, i) =>
      rows.flatMap((row, at) =>
        v128.store(i32.const(0), v128.add(get(block[row]), start(i)[row]), layout.keystream + i * 64 + at * 16),
      ),
    ),
  ]
}

/** RFC 8439 §2.1, on four columns of both blocks. */
function quarterRounds(): Code {
  return [
    ...step('a', 'b', 'd', rotateBytes(2)),
    ...step('c', 'd', 'b', rotateBits(12)),
    ...step('a', 'b', 'd', rotateBytes(1)),
    ...step('c', 'd', 'b', rotateBits(7)),
  ]
}

/** x += y; z ^= x; z <<<= … */
function step(x: Row, y: Row, z: Row, rotate: (vector: number) => Code): Code {
  return [
    ...blocks.flatMap((block) => set(block[x], v128.add(get(block[x]), get(block[y])))),
    ...blocks.flatMap((block) => set(block[z], v128.xor(get(block[z]), get(block[x])))),
    ...blocks.flatMap((block) => set(block[z], rotate(block[z]))),
  ]
}

function rotateBits(by: number): (vector: number) => Code {
  return (vector) => v128.or(v128.shl(get(vector), i32.const(by)), v128.shr(get(vector), i32.const(32 - by)))
}

function rotateBytes(by: number): (vector: number) => Code {
  const bytes = Array.from({ length: 16 }, (_, i) => (i & ~3) | ((i - by) & 3))
  return (vector) => v128.shuffle(get(vector), get(vector), bytes)
}

/** Turns the rows so that the diagonals become columns, or back. */
function turn(b: readonly number[], c: readonly number[], d: readonly number[]): Code {
  const lanes = { b, c, d }
  return blocks.flatMap((block) =>
    (['b', 'c', 'd'] as const).flatMap((row) =>
      set(block[row], v128.lanes(get(block[row]), get(block[row]), lanes[row])),
    ),
  )
}
