import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  decodeEventCursor,
  decodeOrganisationCursor,
  encodeOrganisationCursor,
  decodeTokenCursor,
  encodeEventCursor,
  encodeTokenCursor,
} from './cursor.ts'
import { InvalidInput } from './errors.ts'

const listing = fc.record({
  state: fc.constantFrom('live', 'all', 'revoked', 'expired'),
  sort: fc.constantFrom('expires_at', 'created_at', 'name', 'last_used_at'),
  unused: fc.constantFrom(undefined, 86_400_000, 1000),
  order: fc.constantFrom('asc', 'desc'),
  search: fc.oneof(fc.constantFrom('', ' ', 'live', 'desc '), fc.string({ unit: 'grapheme', maxLength: 20 })),
})
const plain = { state: 'live', sort: 'expires_at', order: 'desc', search: '' } as const

describe('cursors', () => {
  it('are read back as they were written, within the 200 characters of the contract', () => {
    const place = fc.oneof(
      fc.uuid(),
      fc
        .tuple(fc.constantFrom('used', 'unused'), fc.integer({ min: 0, max: 999_999_999_999_999 }), fc.uuid())
        .map((parts) => parts.join('.')),
    )
    const instant = fc.integer({ min: 0, max: 999_999_999_999_999 })
    fc.assert(
      fc.property(instant, place, listing, (number, id, list) => {
        const cursor = encodeTokenCursor(id, list)
        expect(cursor).toMatch(/^[\w-]{1,200}$/)
        expect(decodeTokenCursor(cursor, list)).toBe(id)
        expect(decodeEventCursor(encodeEventCursor(number))).toBe(number)
        expect(decodeOrganisationCursor(encodeOrganisationCursor(number))).toBe(number)
      }),
    )
  })

  it('belong to one state, sort, order, search and time without use, and are refused with any other', () => {
    fc.assert(
      fc.property(fc.uuid(), listing, listing, (id, list, other) => {
        fc.pre(JSON.stringify(list) !== JSON.stringify(other))
        expect(() => decodeTokenCursor(encodeTokenCursor(id, list), other)).toThrow(/sorted or filtered in another way/)
      }),
    )
  })

  it('are refused if they are of another kind or made up', () => {
    expect(() => decodeTokenCursor(encodeEventCursor(1), plain)).toThrow(InvalidInput)
    expect(() => decodeEventCursor('AAAA')).toThrow(InvalidInput)
    expect(() => decodeOrganisationCursor(encodeEventCursor(1))).toThrow(InvalidInput)
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeTokenCursor(text, plain)).toThrow(InvalidInput)
      }),
    )
  })
})
