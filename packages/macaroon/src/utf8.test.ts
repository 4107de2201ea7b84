import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeUtf8, encodeUtf8, isUtf8 } from './utf8.ts'
import { anyText } from './testing/any-text.ts'

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
      fc.property(anyText(), (text) => {
        expect(encodeUtf8(text)).toEqual(new TextEncoder().encode(text))
      }),
      runs,
    )
  })

  it('refuses what is near to a character, wherever the bad byte stands, and takes the characters at the ends', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const seconds = [0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0]
    const others = [0x41, 0x80, 0xbf]
    const sequences = Array.from({ length: 0x80 }, (_, i) => 0x80 + i).flatMap((first) => [
      [first],
      ...seconds.flatMap((second) => [
        [first, second],
        ...others.flatMap((third) => [[first, second, third], ...others.map((last) => [first, second, third, last])]),
      ]),
    ])
    const accepted = new Set<number>()
    for (const [i, sequence] of sequences.entries()) {
      // In front of it as many characters as leave it at any place within eight.
      const bytes = Uint8Array.from([...Array.from({ length: i % 17 }, () => 0x61), ...sequence, 0x62])
      let expected: string | undefined
      try {
        expected = strict.decode(bytes)
      } catch {
        expected = undefined
      }
      if (
        decodeUtf8(bytes, 0, bytes.length) !== expected ||
        isUtf8(bytes, 0, bytes.length) !== (expected !== undefined)
      ) {
        throw new Error(`${sequence.map((byte) => byte.toString(16)).join(' ')} behind ${i % 17} characters`)
      }
      if (expected !== undefined) accepted.add(sequence.length)
    }
    expect(accepted).toEqual(new Set([2, 3, 4]))
    for (const bad of [
      [0xe0, 0x9f, 0xbf],
      [0xf0, 0x8f, 0xbf, 0xbf],
      [0xed, 0xa0, 0x80],
      [0xed, 0xbf, 0xbf],
      [0xf4, 0x90, 0x80, 0x80],
    ]) {
      expect(decodeUtf8(Uint8Array.from(bad), 0, bad.length)).toBeUndefined()
    }
    for (const good of [
      '\u0080',
      '\u07ff',
      '\u0800',
      '\ud7ff',
      '\ue000',
      '\uffff',
      '\u{10000}',
      '\u{10ffff}',
      '\ufeff',
    ]) {
      const bytes = new TextEncoder().encode(good)
      expect(encodeUtf8(good)).toEqual(bytes)
      expect(decodeUtf8(bytes, 0, bytes.length)).toBe(good)
    }
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
