import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import type { FeedEvent } from '../../domain/feed.ts'
import { decodePosition, encodePosition, FeedStream } from './encode.ts'

const position = fc.record({ id: fc.nat(), at: fc.integer({ min: 0, max: 8.64e14 }) })

test('a position is read as it was written', () => {
  fc.assert(
    fc.property(position, (given) => {
      expect(decodePosition(encodePosition(given))).toEqual(given)
    }),
  )
})

test('any other text is no position', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!/^\d{1,15}\.[0-9a-z]{1,10}$/.test(text))
      expect(() => decodePosition(text)).toThrow('after is no position of the feed')
    }),
  )
})

const begun = 1000
const start = { key: new Uint8Array(32).fill(7), nonce: 'n'.repeat(24), begun, from: { id: 3, at: 5 } }
const macOf = (message: string) => /^mac: (.*)$/m.exec(message)?.[1]

test('no message of a stream can stand in the place of another, or in another stream', () => {
  const silence = { events: [], asOf: begun }
  const stream = new FeedStream(start)
  const macs = [stream.message(silence), stream.message(silence)].map(macOf)
  for (const other of [{ nonce: 'm'.repeat(24) }, { key: new Uint8Array(32) }, { from: { id: 4, at: 5 } }]) {
    macs.push(macOf(new FeedStream({ ...start, ...other }).message(silence)))
  }
  expect(new Set(macs).size).toBe(macs.length)
  expect(macOf(new FeedStream(start).message(silence))).toBe(macs[0])
})

test('a day of a hundred thousand revocations takes less than five megabytes', () => {
  const events = Array.from({ length: 1000 }, (_, at): FeedEvent => {
    const id = `00000000-0000-0000-0000-${String(at).padStart(12, '0')}`
    return { id: at, at: 1_800_000_000_000, subject: { kind: 'token', id }, isFinal: true }
  })
  const stream = new FeedStream(start)
  expect(100 * stream.message({ events, asOf: undefined }).length).toBeLessThan(5_000_000)
})
