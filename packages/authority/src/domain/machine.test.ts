import { randomBytes } from 'node:crypto'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { createUlid, nextRunId } from './machine.ts'

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
  expect(createUlid(1469918176385, randomBytes).slice(0, 10)).toBe('01ARYZ6S41')
})

test('the id of a run is valid for an engine', () => {
  const id = nextRunId({ id: '148e21ea7e46e8', version: createUlid(Date.now(), randomBytes), runs: 999_999_999 })
  expect(id).toMatch(/^[a-z0-9._-]{1,63}$/)
})
