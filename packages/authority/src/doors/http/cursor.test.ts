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
import { nameKey, writePlace } from '../../domain/token.ts'
import { InvalidInput } from './errors.ts'

const listing = fc.record({
  owner: fc.constantFrom('acme', 'acme live', ''),
  state: fc.constantFrom('live', 'all', 'revoked', 'expired'),
  sort: fc.constantFrom('expires_at', 'created_at', 'name', 'last_used_at'),
  unused: fc.constantFrom(undefined, 86_400_000, 1000),
  order: fc.constantFrom('asc', 'desc'),
  search: fc.oneof(fc.constantFrom('', ' ', 'live', 'desc '), fc.string({ unit: 'grapheme', maxLength: 20 })),
})
const moment = fc.integer({ min: 0, max: 999_999_999_999_999 })
const storedSort = fc.constantFrom('expires_at', 'created_at', 'name')
const someUse = fc.uuid().map((id) => `used.1.${id}`)
const plain = { owner: 'acme', state: 'live', sort: 'expires_at', order: 'desc', search: '' } as const

describe('cursors', () => {
  it('are read back as they were written, within the 2000 characters of the contract', () => {
    const key = fc.string({ unit: 'grapheme', maxLength: 128 }).map((name) => nameKey(name).replaceAll('\0', ' '))
    const place = fc.oneof(
      fc
        .record({ expiresAt: moment, createdAt: moment, id: fc.uuid(), nameKey: key, sort: storedSort })
        .map(({ sort, ...keys }) => writePlace(keys, sort)),
      fc.tuple(fc.constantFrom('used', 'unused'), moment, fc.uuid()).map((parts) => parts.join('.')),
    )
    fc.assert(
      fc.property(moment, place, listing, (number, id, list) => {
        const cursor = encodeTokenCursor(id, list)
        expect(cursor).toMatch(/^[\w-]{1,2000}$/)
        expect(decodeTokenCursor(cursor, list)).toBe(id)
        expect(decodeEventCursor(encodeEventCursor(number))).toBe(number)
        const behind = { id: number, name: nameKey(list.search) }
        expect(decodeOrganisationCursor(encodeOrganisationCursor(behind))).toEqual(behind)
      }),
    )
  })

  it('belong to one owner, state, sort, order, search and time without use, and are refused with any other', () => {
    fc.assert(
      fc.property(someUse, listing, listing, (id, list, other) => {
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
