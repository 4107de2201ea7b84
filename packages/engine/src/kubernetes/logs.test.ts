// Lines of a log, cut where the network cuts them.
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { readLines } from './logs.ts'

const at = '2026-11-30T18:11:49.425343232Z'

async function read(bytes: Buffer, cuts: readonly number[]): Promise<string[]> {
  const chunks: Buffer[] = []
  for (let from = 0, turn = 0; from < bytes.length; turn += 1) {
    const size = cuts[turn % cuts.length] ?? 1
    chunks.push(bytes.subarray(from, from + size))
    from += size
  }
  const lines: string[] = []
  for await (const line of readLines(fc.sample(fc.constant(chunks), 1)[0] as unknown as AsyncIterable<Buffer>)) {
    expect(line).toMatchObject({ at, stream: 'stdout', truncated: false })
    lines.push(line.text)
  }
  return lines
}

test('they come out as they went in', async () => {
  const texts = fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' ')))
  const cuts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 })
  await fc.assert(
    fc.asyncProperty(texts, cuts, fc.boolean(), async (given, sizes, hasEnd) => {
      const whole = given.map((text) => `${at} ${text}`).join('\n') + (hasEnd && given.length > 0 ? '\n' : '')
      expect(await read(Buffer.from(whole), sizes)).toEqual(given)
    }),
    { numRuns: 50 },
  )
})

test('what the node says itself is no line', async () => {
  expect(await read(Buffer.from(`rpc error: code = NotFound\n${at} one\n`), [7])).toEqual(['one'])
})
