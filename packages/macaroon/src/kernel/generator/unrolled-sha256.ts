/** SHA-256's block function as TypeScript (RFC 6234 §6.2), unrolled: engines keep all its variables in registers that way. */

import { firstHash, roundConstants } from './sha256-constants.ts'

/** The source file in which it is committed. */
export function formatUnrolledSha256(): string {
  const words = Array.from({ length: 16 }, (_, i) => `  let w${i} = block[${i}] ?? 0`)
  const start = variables.map((name, i) => `  let ${name} = from[${i}] ?? 0`)
  const rounds = roundConstants.flatMap((constant, t) => [...(t < 16 ? [] : [nextWord(t)]), ...round(t, constant)])
  const end = variables.map((name, i) => `  to[${i}] = (from[${i}] ?? 0) + ${name}`)
  return [
    "/** SHA-256's block function, unrolled (RFC 6234 §6.2). Made by `npm run generate`; do not edit. */",
    '',
    '/** The hash at the beginning (RFC 6234 §6.1). */',
    `export const firstHash: Int32Array = Int32Array.of(${firstHash.join(', ')})`,
    '',
    '/** `to` becomes the hash that follows on `from` by one block of 16 words. */',
    'export function compress(to: Int32Array, from: Int32Array, block: Int32Array): void {',
    ...words,
    ...start,
    ...rounds,
    ...end,
    '}',
    '',
  ].join('\n')
}

const variables = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const

/** Instead of moving the values on, the names move. */
function round(t: number, constant: number): readonly string[] {
  const [a, b, c, d, e, f, g, h] = variables.map((_, i) => variables[(i - t + 64) % 8]) as unknown as Names
  return [
    `  ${h} = (${h} + (${rotateThrice(e, 6, 11, 25)}) + (${g} ^ (${e} & (${f} ^ ${g}))) + ${constant} + w${t % 16}) | 0`,
    `  ${d} = (${d} + ${h}) | 0`,
    `  ${h} = (${h} + (${rotateThrice(a, 2, 13, 22)}) + ((${a} & ${b}) ^ (${c} & (${a} ^ ${b})))) | 0`,
  ]
}

type Names = [string, string, string, string, string, string, string, string]

function nextWord(t: number): string {
  const [word, second, tenth, fifteenth] = [0, 1, 9, 14].map((i) => `w${(t + i) % 16}`) as [
    string,
    string,
    string,
    string,
  ]
  const sigma0 = `${rotate(second, 7)} ^ ${rotate(second, 18)} ^ (${second} >>> 3)`
  const sigma1 = `${rotate(fifteenth, 17)} ^ ${rotate(fifteenth, 19)} ^ (${fifteenth} >>> 10)`
  return `  ${word} = (${word} + (${sigma0}) + ${tenth} + (${sigma1})) | 0`
}

function rotateThrice(word: string, a: number, b: number, c: number): string {
  return [a, b, c].map((by) => rotate(word, by)).join(' ^ ')
}

function rotate(word: string, by: number): string {
  return `((${word} >>> ${by}) | (${word} << ${32 - by}))`
}
