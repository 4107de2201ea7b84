// Streams in which stdout and stderr are mixed, cut where the network cuts them.
import { Readable } from 'node:stream'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { readJsonLines } from '../json-lines.ts'
import { readFrames } from './frames.ts'

const frames = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 40 })), { maxLength: 8 })
const cuts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 20 })

test('frames come out as they went in, wherever they are cut', async () => {
  await fc.assert(
    fc.asyncProperty(frames, cuts, async (given, sizes) => {
      const whole = Buffer.concat(
        given.flatMap(([kind, bytes]) => {
          const head = Buffer.alloc(8)
          head[0] = kind
          head.writeUInt32BE(bytes.length, 4)
          return [head, bytes]
        }),
      )
      const seen = { stdout: '', stderr: '' }
      for await (const { stream, bytes } of readFrames(Readable.from(cut(whole, sizes))))
        seen[stream] += bytes.toString('hex')
      const wanted = (kind: number): string =>
        given.map(([which, bytes]) => (which === kind ? Buffer.from(bytes).toString('hex') : '')).join('')
      expect(seen).toEqual({ stdout: wanted(1), stderr: wanted(2) })
    }),
  )
})

test('lines of JSON come out as they went in, wherever they are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' })), cuts, async (texts, sizes) => {
      const whole = Buffer.from(texts.map((text) => `${JSON.stringify({ text })}\n`).join(''))
      const seen: string[] = []
      for await (const { text } of readJsonLines<{ text: string }>(Readable.from(cut(whole, sizes)))) seen.push(text)
      expect(seen).toEqual(texts)
    }),
    { numRuns: 30 },
  )
})

test('what has no frames, and a line without end, are refused', async () => {
  const read = async (source: AsyncIterable<unknown>): Promise<void> => {
    for await (const _one of source);
  }
  const failed = { code: 'failed' }
  await expect(read(readFrames(Readable.from([Buffer.from('plain text')])))).rejects.toMatchObject(failed)
  const endless = Array.from({ length: 40 }, () => Buffer.alloc(2 ** 15, 'x'))
  await expect(read(readJsonLines(Readable.from(endless)))).rejects.toMatchObject(failed)
  await expect(read(readJsonLines(Readable.from([Buffer.from('no JSON\n')])))).rejects.toMatchObject(failed)
})

function cut(whole: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0, index = 0; at < whole.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1
    pieces.push(whole.subarray(at, at + size))
    at += size
  }
  return pieces
}
