// The cached answers to look-ups have a limit, even if strangers choose what is looked up.
import { expect, test } from 'vitest'

import { Answer } from './postgres-batch.ts'
import { Foresight } from './postgres-foresight.ts'

const nothing = new Answer([], [], 0)

test('the answer for a name that is as long as a request is not cached', () => {
  const foresight = new Foresight()
  const long = 'x'.repeat(40_000)
  foresight.set(long, nothing)
  expect(foresight.get(long)).toBeUndefined()
  foresight.set('short', nothing)
  expect(foresight.get('short')).toBe(nothing)
})

test('look-ups that find nothing push out no row that exists', () => {
  const foresight = new Foresight()
  const row = new Answer([], [['1']], 1)
  foresight.set('there', row)
  for (let index = 0; index <= 10_000; index++) foresight.set(`missing ${index}`, nothing)
  expect(foresight.get('missing 0')).toBeUndefined()
  expect(foresight.get('missing 10000')).toBe(nothing)
  expect(foresight.get('there')).toBe(row)
})
