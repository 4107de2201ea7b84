import { describe, expect, it } from 'vitest'

import { sayDistance, sayDuration, sayInstant } from './time.ts'

const now = Date.parse('2026-11-25T12:00:00Z')
const after = (seconds: number) => new Date(now + seconds * 1000).toISOString()

describe('instants in words', () => {
  it.each([
    [0, 'just now'],
    [-44, 'just now'],
    [44, 'in a moment'],
    [50, 'in 1 minute'],
    [-90 * 60, '2 hours ago'],
    [-46 * 60, '1 hour ago'],
    [24 * 3600, 'in 24 hours'],
    [-3 * 86_400, '3 days ago'],
    [90 * 86_400, 'in 90 days'],
    [365 * 86_400, 'in 365 days'],
    [20 * 365 * 86_400, 'in 20 years'],
  ])('says of %i seconds: %s', (seconds, words) => {
    expect(sayDistance(after(seconds), now)).toBe(words)
  })

  it('says durations', () => {
    expect([60, 3600, 86_400, 30 * 86_400, 175_200 * 3600].map(sayDuration)).toEqual([
      '1 minute',
      '1 hour',
      '24 hours',
      '30 days',
      '20 years',
    ])
  })

  it('says an instant with its zone', () => {
    expect(sayInstant('2026-11-25T12:00:00.123Z')).toBe('2026-11-25 12:00:00 UTC')
    expect(sayInstant(now)).toBe('2026-11-25 12:00:00 UTC')
  })
})
