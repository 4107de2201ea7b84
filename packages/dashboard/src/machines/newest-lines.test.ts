import { expect, test } from 'vitest'

import { addLines, type KeptLines } from './newest-lines.ts'

const none: KeptLines = { lines: [], isCut: false }
const written = (...messages: readonly string[]) =>
  messages.map((message) => ({
    machine_id: 'a',
    region: '',
    timestamp: '2026-01-02T03:04:05.000000001Z',
    stream: 'stdout' as const,
    message,
  }))

test('lines are kept in their order, each with a number of its own', () => {
  const { lines, isCut } = addLines(addLines(none, written('a', 'b')), written('c'))
  expect(lines.map(({ number, text }) => [number, text])).toEqual([
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
  ])
  expect(isCut).toBe(false)
})

test('of many lines the newest thousand are kept, and it is known that others were there', () => {
  let kept = none
  for (let round = 0; round < 30; round++)
    kept = addLines(kept, written(...Array.from({ length: 100 }, (_, index) => `${index}`)))
  expect(kept.lines).toHaveLength(1000)
  expect(kept.lines.at(-1)).toMatchObject({ number: 3000, text: '99' })
  expect(addLines(kept, []).isCut).toBe(true)
})

test('long lines are shortened, and take the room of others', () => {
  const { lines, isCut } = addLines(none, written(...Array.from({ length: 200 }, () => 'x'.repeat(100_000))))
  expect(lines.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(300_000)
  expect(lines.at(-1)?.text).toBe(`${'x'.repeat(4000)}…`)
  expect(isCut).toBe(true)
})
