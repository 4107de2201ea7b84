import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { anyText } from '../../../macaroon/src/testing/any-text.ts'
import { formatTokenId, parseTokenId } from './token-id.ts'

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

test('a UUID is read in either case and written in lower case; no other text is one', () => {
  const uuid = fc.uuid()
  const damaged = fc
    .tuple(uuid, fc.nat({ max: 36 }), anyText({ maxLength: 2 }), fc.nat({ max: 1 }))
    .map(([text, at, other, dropped]) => text.slice(0, at) + other + text.slice(at + dropped))
  fc.assert(
    fc.property(fc.oneof(uuid, damaged, fc.string()), fc.boolean(), (text, isUpper) => {
      const given = isUpper ? text.toUpperCase() : text
      const bytes = parseTokenId(given)
      expect(bytes !== undefined).toBe(uuidPattern.test(given))
      if (bytes !== undefined) expect(formatTokenId(bytes)).toBe(given.toLowerCase())
    }),
  )
})

test('a character whose low byte is a hex digit is none', () => {
  const uuid = '01234567-89ab-cdef-0123-456789abcdef'
  for (let at = 0; at < uuid.length; at++) {
    for (const page of [0x100, 0x600, 0xff00]) {
      const other = String.fromCharCode(page + uuid.charCodeAt(at))
      expect(parseTokenId(uuid.slice(0, at) + other + uuid.slice(at + 1))).toBeUndefined()
    }
  }
})
