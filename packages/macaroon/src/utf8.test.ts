import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeUtf8, encodeUtf8 } from './utf8.ts'

const runs = { numRuns: 300 }

describe('UTF-8', () => {
  it('is that of the platform, strictly', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const near = fc.array(
      fc.constantFrom(0x41, 0x80, 0xbf, 0xc0, 0xc2, 0xe0, 0xed, 0xa0, 0xef, 0xbb, 0xf0, 0x90, 0xf4, 0x8f, 0xf5),
      {
        maxLength: 8,
      },
    )
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 30 }),
      near.map((list) => Uint8Array.from(list)),
    )
    fc.assert(
      fc.property(bytes, (input) => {
        let expected: string | undefined
        try {
          expected = strict.decode(input)
        } catch {
          expected = undefined
        }
        expect(decodeUtf8(input, 0, input.length)).toBe(expected)
        if (expected !== undefined) expect(encodeUtf8(expected)).toEqual(input)
      }),
      { numRuns: 3000 },
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(encodeUtf8(text)).toEqual(new TextEncoder().encode(text))
      }),
      runs,
    )
  })

  it('has no bytes for half a surrogate pair', () => {
    expect(encodeUtf8('a\ud800')).toBeUndefined()
    expect(encodeUtf8('\udc00b')).toBeUndefined()
  })

  it('reads only the range that it is given', () => {
    expect(decodeUtf8(Uint8Array.of(0x41, 0xc3, 0xa9, 0x42), 1, 3)).toBe('é')
    expect(decodeUtf8(Uint8Array.of(0x41, 0xc3, 0xa9, 0x42), 1, 2)).toBeUndefined()
  })
})
