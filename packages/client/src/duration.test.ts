import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { DurationError, durationFromNanoseconds, formatDuration, longestDuration, parseDuration } from './duration.ts'

describe('parseDuration', () => {
  it.each([
    ['175200h0m0s', 630_720_000],
    ['24h', 86_400],
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['.5h', 1800],
    ['+90s', 90],
    ['1500ms', 1],
    ['30d', 2_592_000],
    ['2w', 1_209_600],
    ['1y', 31_536_000],
    ['999999h', 3_599_996_400],
    ['2562047h47m16.854775807s', 9_223_372_036],
    ['292y', 292 * 31_536_000],
    ['1y2w3d4h5m6s', 31_536_000 + 1_209_600 + 259_200 + 14_400 + 306],
  ])('reads %s as %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds)
  })

  it.each([
    ['-5h', 'negative'],
    ['1e9h', 'not one of time'],
    ['99999999999h', 'longer than 292 years'],
    ['2562048h', 'longer than 292 years'],
    ['293y', 'longer than 292 years'],
    ['0s', 'shorter than one second'],
    ['500ms', 'shorter than one second'],
    ['', 'not a duration'],
    ['1', 'not a duration'],
    ['h', 'not a duration'],
    ['5 h', 'not a duration'],
    ['5H', 'not a duration'],
    ['1.2.3h', 'not a duration'],
    [`${'11a'.repeat(21)}!`, 'not a duration'],
    ['5fortnights', 'not one of time'],
    ['1h'.repeat(40), 'more than 64 characters'],
  ])('refuses %j and says why', (text, why) => {
    expect(() => parseDuration(text)).toThrow(DurationError)
    expect(() => parseDuration(text)).toThrow(why)
  })

  it('reads back what formatDuration writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: longestDuration }), (seconds) => {
        expect(parseDuration(formatDuration(seconds))).toBe(seconds)
      }),
    )
  })

  it('throws only its own error, and stays within its bounds', () => {
    const pieces = fc.array(
      fc.oneof(fc.constantFrom('1', '9', '.', 'h', 'm', 's', 'ns', 'µs', 'd', 'y', '-', 'e'), fc.string()),
    )
    fc.assert(
      fc.property(pieces, (parts) => {
        try {
          const seconds = parseDuration(parts.join(''))
          expect(Number.isInteger(seconds) && seconds >= 1 && seconds <= longestDuration).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(DurationError)
        }
      }),
    )
  })
})

describe('durationFromNanoseconds', () => {
  it('reads what Go encodes', () => {
    expect(durationFromNanoseconds(3_600_000_000_000)).toBe(3600)
  })

  it.each([0, -1, Number.NaN, Infinity, -Infinity, 2 ** 70])('refuses %d', (nanoseconds) => {
    expect(() => durationFromNanoseconds(nanoseconds)).toThrow(DurationError)
  })
})
