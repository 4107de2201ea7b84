// What has happened since, beside a list of everything.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { Subject } from '../feed/subjects.ts'
import { Happened } from './happened.ts'

const subject = fc.constantFrom<Subject[]>('token a', 'token b', 'token c', 'organization 1', 'app 1', 'person 1')
const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('hear' as const),
      subjects: fc.array(subject, { maxLength: 3 }),
      revoked: fc.nat(3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('look' as const), subjects: fc.array(subject), back: fc.nat(12) }),
  },
)

describe('what has happened', () => {
  test.each([1000, 3, 1])('is never forgotten without saying so, with room for %i subjects', (most) => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const happened = new Happened(most)
        let all: { readonly event: number; readonly subjects: readonly Subject[] }[] = []
        let dead: Subject[] = []
        let [event, start] = [0, -1]
        for (const one of commands) {
          if (one.kind === 'hear') {
            event += 1
            if (start === -1) start = event
            const revoked = one.subjects.slice(0, one.revoked)
            happened.hear(event, one.subjects, revoked)
            dead.push(...revoked)
            all.push({ event, subjects: one.subjects })
          } else if (one.kind === 'reset') {
            event += 5
            happened.reset(event)
            start = event
            all = []
            dead = []
          } else {
            const since = event - one.back
            const later = all.filter((each) => each.event > since).flatMap(({ subjects }) => subjects)
            const isTouched = one.subjects.some((each) => later.includes(each))
            const isKnown = start !== -1 && since >= start
            if (!isKnown) expect(happened.knowsSince(since)).toBe(false)
            if (happened.knowsSince(since)) {
              expect(happened.isTouched(one.subjects, since)).toBe(isTouched)
              expect(happened.isAnyTokenTouched(since)).toBe(later.some((each) => each.startsWith('token ')))
            } else if (start !== -1) expect(happened.hasGapSince(since)).toBe(true)
            if (most === 1000 && isKnown) expect(happened.knowsSince(since)).toBe(true)
            for (const each of one.subjects) {
              if (happened.isRevoked(each)) expect(dead).toContain(each)
              else if (most === 1000) expect(dead).not.toContain(each)
            }
            expect(happened.size).toBeLessThanOrEqual(most)
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})
