import { describe, expect, it } from 'vitest'

import { durationOf, endOf, lifetimesOf, problemOf } from './expiry.ts'

const now = new Date(2026, 10, 25, 12).getTime()

describe('when a new token ends', () => {
  it('takes a duration as it is', () => {
    const expiry = { kind: 'preset', hours: 24 } as const
    expect(durationOf(expiry, now)).toBe('86400s')
    expect(endOf(expiry, now)).toBe(now + 86_400_000)
    expect(problemOf(expiry, now)).toBeUndefined()
  })

  it('takes a day until it is over, where the person is', () => {
    const expiry = { kind: 'day', day: '2026-11-26' } as const
    expect(endOf(expiry, now)).toBe(new Date(2026, 10, 26, 23, 59, 59).getTime())
    expect(durationOf(expiry, now)).toBe(`${36 * 3600 - 1}s`)
  })

  it.each([
    ['', 'Choose the last day on which it is valid.'],
    ['2026-11-24', 'That day is over.'],
    ['2326-12-31', 'That is more than 292 years away.'],
    ['2026-11-25', undefined],
  ])('says what is wrong with the day %j', (day, problem) => {
    expect(problemOf({ kind: 'day', day }, now)).toBe(problem)
  })

  it.each([
    [undefined, 720, 7],
    [{ max_token_lifetime: null, default_token_lifetime: null }, 720, 7],
    [{ max_token_lifetime: null, default_token_lifetime: '168h0m0s' }, 168, 7],
    [{ max_token_lifetime: '90d', default_token_lifetime: null }, 720, 5],
    [{ max_token_lifetime: '240h', default_token_lifetime: null }, 240, 4],
    [{ max_token_lifetime: '240h', default_token_lifetime: '2000h' }, 240, 4],
    [{ max_token_lifetime: null, default_token_lifetime: '36h' }, 36, 8],
  ])('proposes what the organisation proposes, and nothing beyond its longest: %j', (policy, hours, count) => {
    const found = lifetimesOf(policy)
    expect([found.hours, found.presets.length]).toEqual([hours, count])
    expect(found.presets.map((preset) => preset.hours)).toContain(hours)
    expect(found.presets.map((preset) => preset.hours)).toEqual(
      found.presets.map((preset) => preset.hours).toSorted((a, b) => a - b),
    )
  })
})
