/** WebAssembly instructions as bytes: each function takes the code of its operands and gives the code of the whole. */

export type Code = readonly number[]

/** A value type of the binary format. */
export const types = { i32: 0x7f, i64: 0x7e, v128: 0x7b } as const

/** The number in as few groups of seven bits as hold it, the least first. */
export function unsignedLeb(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsignedLeb(value >>> 7)]
}

export function asciiBytes(text: string): Code {
  return Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))
}

export const get = (local: number): Code => [0x20, ...unsignedLeb(local)]
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsignedLeb(local)]
export const tee = (local: number, value: Code): Code => [...value, 0x22, ...unsignedLeb(local)]
export const call = (index: number, ...operands: readonly Code[]): Code => [
  ...operands.flat(),
  0x10,
  ...unsignedLeb(index),
]

/** Runs `body` again and again for as long as `condition`, tried before it, is not zero. */
export function loopWhile(condition: Code, body: Code): Code {
  const { block, loop, empty, isZero, branchIf, branch, end } = control
  return [block, empty, loop, empty, ...condition, isZero, branchIf, 1, ...body, branch, 0, end, end]
}

export function ifThen(condition: Code, body: Code): Code {
  return [...condition, control.if, control.empty, ...body, control.end]
}

const control = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  branch: 0x0c,
  branchIf: 0x0d,
  isZero: 0x45,
  empty: 0x40,
}

const unary = (opcode: Code) => (a: Code) => [...a, ...opcode]
const binary = (opcode: Code) => (a: Code, b: Code) => [...a, ...b, ...opcode]
const load =
  (opcode: Code, alignment: number) =>
  (address: Code, offset = 0) => [...address, ...opcode, alignment, ...unsignedLeb(offset)]
const store =
  (opcode: Code, alignment: number) =>
  (address: Code, value: Code, offset = 0) => [...address, ...value, ...opcode, alignment, ...unsignedLeb(offset)]
const simd = (opcode: number): Code => [0xfd, ...unsignedLeb(opcode)]

export const i32 = {
  const: (value: number): Code => [0x41, ...signedLeb(value | 0)],
  load: load([0x28], 0),
  load8: load([0x2d], 0),
  store: store([0x36], 0),
  store8: store([0x3a], 0),
  isZero: unary([control.isZero]),
  less: binary([0x49]),
  atLeast: binary([0x4f]),
  add: binary([0x6a]),
  sub: binary([0x6b]),
  mul: binary([0x6c]),
  and: binary([0x71]),
  or: binary([0x72]),
  xor: binary([0x73]),
  shl: binary([0x74]),
  shr: binary([0x76]),
  rotr: binary([0x78]),
  wrap: unary([0xa7]),
}

export const i64 = {
  const: (value: number | bigint): Code => [0x42, ...signedLeb(value)],
  load: load([0x29], 0),
  load32: load([0x35], 0),
  store: store([0x37], 0),
  add: binary([0x7c]),
  sub: binary([0x7d]),
  mul: binary([0x7e]),
  and: binary([0x83]),
  or: binary([0x84]),
  shl: binary([0x86]),
  shr: binary([0x88]),
  xor: binary([0x85]),
  less: binary([0x54]),
  extend: unary([0xad]),
}

export const v128 = {
  const: (bytes: Code): Code => [...simd(12), ...bytes],
  load: load(simd(0), 0),
  store: store(simd(11), 0),
  and: binary(simd(78)),
  or: binary(simd(80)),
  xor: binary(simd(81)),
  /** Bytes of the 32 that two vectors make, by number. */
  shuffle: (a: Code, b: Code, bytes: Code): Code => [...a, ...b, ...simd(13), ...bytes],
  /** Lanes of 32 bits of the eight that two vectors make, by number. */
  lanes: (a: Code, b: Code, lanes: readonly number[]): Code =>
    v128.shuffle(
      a,
      b,
      lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)),
    ),
  lane: (a: Code, lane: number): Code => [...a, ...simd(27), lane],
  replaceLane: (a: Code, lane: number, value: Code): Code => [...a, ...value, ...simd(28), lane],
  /** 1 where any bit is set. */
  anyTrue: unary(simd(83)),
  add: binary(simd(174)),
  shl: binary(simd(171)),
  shr: binary(simd(173)),
  shr64: binary(simd(205)),
}

/** The same with a sign, which is bit 6 of the last group. */
function signedLeb(value: number | bigint): Code {
  const rest = BigInt(value) >> 7n
  const low = Number(BigInt.asUintN(7, BigInt(value)))
  const last = low < 0x40 ? 0n : -1n
  return rest === last ? [low] : [low | 0x80, ...signedLeb(rest)]
}
