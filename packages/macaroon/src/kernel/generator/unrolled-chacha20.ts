/** ChaCha20's block function as TypeScript (RFC 8439 §2.3), two rounds unrolled. */

/** The source file in which it is committed. */
export function formatUnrolledChacha20(): string {
  const words = Array.from({ length: 16 }, (_, i) => i)
  return [
    "/** ChaCha20's block function, unrolled (RFC 8439 §2.3). Made by `npm run generate`; do not edit. */",
    '',
    '/** `to` becomes the block of 16 words that the state of 16 words stands for. */',
    'export function mixBlock(to: Int32Array, state: Int32Array): void {',
    ...words.map((i) => `  let x${i} = state[${i}] ?? 0`),
    '  for (let left = 10; left > 0; left -= 1) {',
    ...quarters.flatMap(([a, b, c, d]) => quarterRound(`x${a}`, `x${b}`, `x${c}`, `x${d}`)),
    '  }',
    ...words.map((i) => `  to[${i}] = x${i} + (state[${i}] ?? 0)`),
    '}',
    '',
  ].join('\n')
}

const quarters = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const

/** RFC 8439 §2.1. */
function quarterRound(a: string, b: string, c: string, d: string): readonly string[] {
  const step = (x: string, y: string, z: string, by: number) => [
    `    ${x} = (${x} + ${y}) | 0`,
    `    ${z} ^= ${x}`,
    `    ${z} = (${z} << ${by}) | (${z} >>> ${32 - by})`,
  ]
  return [...step(a, b, d, 16), ...step(c, d, b, 12), ...step(a, b, d, 8), ...step(c, d, b, 7)]
}
