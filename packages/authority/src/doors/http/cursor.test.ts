import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { decodeEventCursor, decodeTokenCursor, encodeEventCursor, encodeTokenCursor } from './cursor.ts'
import { InvalidInput } from './errors.ts'

describe('cursors', () => {
  it('come back as they went', () => {
    const instant = fc.integer({ min: 0, max: 999_999_999_999_999 })
    fc.assert(
      fc.property(instant, fc.uuid(), (number, id) => {
        const cursor = { expiresAt: number, id }
        expect(decodeTokenCursor(encodeTokenCursor(cursor))).toEqual(cursor)
        expect(decodeEventCursor(encodeEventCursor(number))).toBe(number)
      }),
    )
  })

  it('are refused where they are of another list, or nobody wrote them', () => {
    expect(() => decodeTokenCursor(encodeEventCursor(1))).toThrow(InvalidInput)
    expect(() => decodeEventCursor('AAAA')).toThrow(InvalidInput)
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeTokenCursor(text)).toThrow(InvalidInput)
      }),
    )
  })
})
