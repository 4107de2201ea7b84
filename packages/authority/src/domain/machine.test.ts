import { randomBytes } from 'node:crypto'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { createUlid, nextRunId, timeOfUlid, type Machine } from './machine.ts'
import { changeMachine } from './machine-change.ts'

test('ULIDs are greater than earlier ones, even if a clock goes back', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 47 }), { minLength: 1 }), (instants) => {
      let before = ''
      for (const now of instants) {
        const made = createUlid(now, randomBytes, before)
        expect(made).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/)
        expect(made > before).toBe(true)
        before = made
      }
    }),
  )
})

test('a ULID begins with its instant', () => {
  // The example of the specification.
  const id = createUlid(1469918176385, randomBytes)
  expect([id.slice(0, 10), timeOfUlid(id)]).toEqual(['01ARYZ6S41', 1469918176385])
})

test('no event of a machine is before the one that it follows, also if it was asked for earlier', () => {
  const event = { type: 'update', status: 'replacing', source: 'user' } as const
  const before = { state: 'started', lastEventId: createUlid(2000, randomBytes) } as Machine
  const at = (now: number) =>
    changeMachine(before, 'update', { now, randomBytes }, {}, [event])?.events.map((one) => one.at)
  expect([at(1000), at(2000), at(3000)]).toEqual([[2000], [2000], [3000]])
})

test('the id of a run is valid for an engine', () => {
  const id = nextRunId({ id: '148e21ea7e46e8', version: createUlid(Date.now(), randomBytes), runs: 999_999_999 })
  expect(id).toMatch(/^[a-z0-9._-]{1,63}$/)
})
