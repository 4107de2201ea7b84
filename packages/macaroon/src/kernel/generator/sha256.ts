/** SHA-256 (RFC 6234 §5, §6.2): scalar rounds, and between them the message schedule, four words at a time. */

import { layout } from '../wasm-layout.ts'
import type { Func } from './assembler.ts'
import { type Code, call, get, i32, ifThen, loopWhile, set, tee, types, v128 } from './instructions.ts'

/**
 * compress(x0, x1, x2, x3, from, to): the state at `to` becomes that at `from` after the block whose 16 words are in the
 * four vectors.
 */
export function compress(): Func {
  return {
    params: [types.v128, types.v128, types.v128, types.v128, types.i32, types.i32],
    results: [],
    locals: [...Array.from({ length: 12 }, () => types.i32), types.v128, types.v128],
    code: compressCode(),
  }
}

/**
 * absorb(state, start, length, before): the rest of a hash of `before + length` bytes. `state` covers `before` of them,
 * which are whole blocks; the others stand at `start`.
 */
export function absorb(compressIndex: number): Func {
  const [state, start, left, bits, keep, x0, x1, x2, x3] = [0, 1, 2, 3, 4, 5, 6, 7, 8]
  const words = [x0, x1, x2, x3]
  const compressWords = call(compressIndex, get(x0), get(x1), get(x2), get(x3), get(state), get(state))
  // The masks are read from where their border falls on the end of the text.
  const readLast = words.flatMap((x, i) => {
    const kept = v128.and(v128.load(get(start), i * 16), v128.load(get(keep), layout.keepMask + i * 16))
    return set(x, swapBytes(v128.or(kept, v128.load(get(keep), layout.endMark + i * 16))))
  })
  return {
    params: [types.i32, types.i32, types.i32, types.i32],
    results: [],
    locals: [types.i32, types.v128, types.v128, types.v128, types.v128],
    code: [
      ...set(bits, i32.shl(i32.add(get(bits), get(left)), i32.const(3))),
      ...loopWhile(i32.atLeast(get(left), i32.const(64)), [
        ...words.flatMap((x, i) => set(x, swapBytes(v128.load(get(start), i * 16)))),
        ...compressWords,
        ...set(start, i32.add(get(start), i32.const(64))),
        ...set(left, i32.sub(get(left), i32.const(64))),
      ]),
      ...set(keep, i32.sub(i32.const(64), get(left))),
      ...readLast,
      ...ifThen(i32.atLeast(get(left), i32.const(56)), [
        ...compressWords,
        ...words.flatMap((x) => set(x, v128.const(Array.from({ length: 16 }, () => 0)))),
      ]),
      ...set(x3, v128.replaceLane(get(x3), 3, get(bits))),
      ...compressWords,
    ],
  }
}

/** Words of the wire, most significant byte first, to words of this machine and back. */
export function swapBytes(vector: Code): Code {
  return v128.shuffle(
    vector,
    vector,
    Array.from({ length: 16 }, (_, i) => i ^ 3),
  )
}

/** Eight words at `address`, as two vectors. */
export function loadWords(address: Code, offset: number): readonly [Code, Code] {
  return [v128.load(address, offset), v128.load(address, offset + 16)]
}

function compressCode(): Code {
  const state = (i: number) => get(variable(i, 0))
  return [
    ...Array.from({ length: 8 }, (_, i) => set(variable(i, 0), i32.load(get(from), i * 4))).flat(),
    ...set(oddMajority, i32.xor(state(1), state(2))),
    ...set(evenLanes, v128.const([255, 255, 255, 255, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0])),
    ...set(constants, i32.const(layout.roundConstants)),
    ...addConstants(0),
    // Three times sixteen rounds in a loop: all 64 in a row would be a little faster alone, and crowd out their callers.
    ...loopWhile(i32.less(get(constants), i32.const(layout.roundConstants + 192)), [
      ...[0, 1, 2, 3].flatMap((group) => fourRounds(group, nextWords(group))),
      ...set(constants, i32.add(get(constants), i32.const(64))),
    ]),
    ...[0, 1, 2, 3].flatMap((group) => fourRounds(group, [])),
    ...Array.from({ length: 8 }, (_, i) =>
      i32.store(get(to), i32.add(i32.load(get(from), i * 4), state(i)), i * 4),
    ).flat(),
  ]
}

/** Locals: the words of the block in turns, the addresses, the variables a … h, and what is left. */
const from = 4
const to = 5
const firstVariable = 6
const sum = 14
const evenMajority = 15
const oddMajority = 16
const constants = 17
const scratch = 18
const evenLanes = 19

/** The local of variable `i` (0 is a) in a round: instead of moving the values on, the names move. */
function variable(i: number, round: number): number {
  return firstVariable + ((i + 64 - round) % 8)
}

/** The local of four words of the schedule, `groups` on from those of this group. */
function wordsOf(group: number, groups: number): number {
  return (group + groups) % 4
}

function fourRounds(group: number, schedule: readonly Code[]): Code {
  return [
    // One group ahead, so that the rounds never wait for them.
    ...(group < 3 || schedule.length > 0 ? addConstants(group + 1) : []),
    ...[0, 1, 2, 3].flatMap((i) => [...oneRound(group * 4 + i), ...(schedule[i] ?? [])]),
  ]
}

/** W + K of four rounds, to memory: reading a word from there costs less than taking it out of a vector. */
function addConstants(group: number): Code {
  const added = v128.add(get(wordsOf(group, 0)), v128.load(get(constants), group * 16))
  return v128.store(i32.const(0), added, layout.schedule + (group % 4) * 16)
}

function oneRound(round: number): Code {
  const [a, b, d, e, f, g, h] = [0, 1, 3, 4, 5, 6, 7].map((i) => get(variable(i, round))) as SevenCodes
  const word = i32.load(i32.const(0), layout.schedule + (round % 16) * 4)
  const choice = i32.xor(i32.and(i32.xor(f, g), e), g)
  // Maj(a, b, c) = ((a ^ b) & (b ^ c)) ^ b, and a ^ b is the b ^ c of the next round.
  const [here, before] = round % 2 === 0 ? [evenMajority, oddMajority] : [oddMajority, evenMajority]
  const majority = i32.xor(i32.and(tee(here, i32.xor(a, b)), get(before)), b)
  return [
    ...set(sum, i32.add(i32.add(i32.add(h, word), choice), rotateThrice(e, 6, 11, 25))),
    ...set(variable(3, round), i32.add(d, get(sum))),
    ...set(variable(7, round), i32.add(i32.add(get(sum), majority), rotateThrice(a, 2, 13, 22))),
  ]
}

type SevenCodes = [Code, Code, Code, Code, Code, Code, Code]

function rotateThrice(word: Code, a: number, b: number, c: number): Code {
  const rotate = (by: number) => i32.rotr(word, i32.const(by))
  return i32.xor(i32.xor(rotate(a), rotate(b)), rotate(c))
}

/**
 * W of four rounds, 16 on from those of this group, in the four parts that go between its rounds:
 * W(t) = SSIG1(W(t-2)) + W(t-7) + SSIG0(W(t-15)) + W(t-16). The last two of the four take the first two.
 */
function nextWords(group: number): readonly Code[] {
  const [x0, x1, x2, x3] = [0, 1, 2, 3].map((i) => wordsOf(group, i)) as [number, number, number, number]
  const old = get(scratch)
  const right = (by: number) => v128.shr(old, i32.const(by))
  const left = (by: number) => v128.shl(old, i32.const(by))
  const rotate = (by: number) => v128.xor(right(by), left(32 - by))
  const sigma0 = v128.xor(v128.xor(rotate(7), rotate(18)), right(3))
  // Of a word that stands twice in 64 bits, a shift leaves the rotated one in the lower half.
  const rotateTwin = (by: number) => v128.shr64(old, i32.const(by))
  const sigma1 = v128.and(v128.xor(v128.xor(right(10), rotateTwin(17)), rotateTwin(19)), get(evenLanes))
  const addTo = (words: number, value: Code) => set(words, v128.add(get(words), value))
  const addSigma1 = (words: number, twins: readonly number[], places: readonly number[]) => [
    ...set(scratch, v128.lanes(get(words), get(words), twins)),
    ...set(scratch, sigma1),
    ...addTo(x0, v128.lanes(old, old, places)),
  ]
  return [
    [
      ...set(scratch, v128.lanes(get(x0), get(x1), [1, 2, 3, 4])),
      ...addTo(x0, v128.lanes(get(x2), get(x3), [1, 2, 3, 4])),
    ],
    addTo(x0, sigma0),
    addSigma1(x3, [2, 2, 3, 3], [0, 2, 1, 1]),
    addSigma1(x0, [0, 0, 1, 1], [1, 1, 0, 2]),
  ]
}
