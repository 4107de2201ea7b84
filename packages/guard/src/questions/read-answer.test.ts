// Answers of the authority, and what is none.
import { routes } from '@hallpass/client/contract'
import type { Verification } from '@hallpass/client'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { readAnswers } from './read-answer.ts'

const token = {
  permission_token: 'AAAA',
  discharges: ['BBBB'],
  id: 'a',
  organization: { id: 7, slug: 'acme' },
  app: null,
  person: 4,
  line: ['b'],
  expires_at: '2030-01-01T00:00:00.000Z',
  networks: ['10.0.0.0/8'],
}
const answer = {
  after: '12.mx38iqql',
  now: '2026-01-01T00:00:00.000Z',
  nonce: 'a'.repeat(32),
  answers: [{ tokens: [token] }, { refused: { code: 'unauthenticated', message: 'no' } }],
  names: [{ organization: 7, app: null }, null],
}
const asked = { nonce: answer.nonce, headers: 2, names: 2 }
const { answer: contract } = routes.verifyTokens

/** Every place in the value, as a path. */
function placesOf(value: unknown, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  const entries = Array.isArray(value) ? value.map((each, at) => [at, each] as const) : Object.entries(value)
  return [path, ...entries.flatMap(([key, each]) => placesOf(each, [...path, key]))]
}

function replace(value: unknown, [key, ...rest]: readonly (string | number)[], by: unknown): unknown {
  if (key === undefined) return by
  const copy: object = Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }
  Reflect.set(copy, key, replace(Reflect.get(copy, key), rest, by))
  return copy
}

describe('an answer', () => {
  test('is read', () => {
    expect(contract.safeParse(answer).error).toBeUndefined()
    expect(readAnswers(answer as Verification, asked)).toMatchObject({
      event: 12,
      now: Date.parse(answer.now),
      headers: [
        { tokens: [{ permissionToken: 'AAAA', discharges: ['BBBB'], said: { id: 'a', line: ['b'] } }] },
        answer.answers[1],
      ],
      names: [{ organization: 7, app: null }, undefined],
    })
  })

  test('counts for nothing where any part of it is of another form', () => {
    const places = placesOf(answer)
    const other = fc.constantFrom<unknown[]>(undefined, {}, [[]], true, -1, 1.5, { tokens: [] }, 'x')
    fc.assert(
      fc.property(fc.constantFrom(...places), other, (place, by) => {
        const changed = replace(answer, place, by)
        const read = readAnswers(changed as Verification, asked)
        // A newer authority may have other codes.
        if (place.at(-1) === 'code' && by === 'x') return
        // What is stricter than the contract may be; what is looser may not.
        if (!contract.safeParse(changed).success) expect(read).toBeUndefined()
      }),
      { numRuns: 2000 },
    )
  })

  test('counts for nothing where it is to other questions', () => {
    for (const other of [
      { ...asked, headers: 1 },
      { ...asked, names: 3 },
      { ...asked, nonce: 'b'.repeat(32) },
    ]) {
      expect(readAnswers(answer as Verification, other)).toBeUndefined()
    }
  })
})
