import * as oracle from '@msgpack/msgpack'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPlain, leastEnd } from './msgpack-skip.ts'
import { fromHex } from './testing/vectors.ts'

const runs = { numRuns: 500 }
const anything = fc.anything({
  withNullPrototype: false,
  maxDepth: 4,
  values: [fc.string({ maxLength: 300 }), fc.double(), fc.integer(), fc.uint8Array({ maxLength: 300 })],
})

describe('leastEnd', () => {
  it('is the end of a whole value, wherever it stands', () => {
    fc.assert(
      fc.property(anything, fc.nat({ max: 3 }), (value, before) => {
        const wire = oracle.encode(value)
        const bytes = Uint8Array.of(...new Uint8Array(before), ...wire, 0xc1)
        expect(leastEnd(bytes, before)).toBe(before + wire.length)
        expect(leastEnd(bytes.subarray(0, before + wire.length), before)).toBe(before + wire.length)
      }),
      runs,
    )
  })

  it('lies beyond what was cut off, and never beyond the whole', () => {
    fc.assert(
      fc.property(anything, fc.nat(), (value, position) => {
        const wire = oracle.encode(value)
        const cut = wire.subarray(0, position % wire.length)
        const end = leastEnd(cut, 0) ?? 0
        expect(end).toBeGreaterThan(cut.length)
        expect(end).toBeLessThanOrEqual(wire.length)
      }),
      runs,
    )
  })

  it.each<[string, number | undefined]>([
    ['', 1],
    ['00', 1],
    ['7f', 1],
    ['c0', 1],
    ['c1', undefined],
    ['91c1', undefined],
    ['93', 4],
    ['9300', 4],
    ['930000', 4],
    ['9391', 5],
    ['82', 5],
    ['8f', 31],
    ['9f', 16],
    ['bf', 32],
    ['8200', 5],
    ['a5', 6],
    ['a561', 6],
    ['93a5', 9],
    ['93a561', 9],
    ['c4', 2],
    ['c405', 7],
    ['c50100', 259],
    ['c5', 3],
    ['c501', 3],
    ['93c501', 6],
    ['c600010000', 65_541],
    ['c70105', 4],
    ['c8000105', 5],
    ['c90000000105', 7],
    ['ca', 5],
    ['cb', 9],
    ['cc', 2],
    ['cd00', 3],
    ['ce', 5],
    ['cf00', 9],
    ['d0', 2],
    ['d1', 3],
    ['d2', 5],
    ['d3', 9],
    ['d4', 3],
    ['d5', 4],
    ['d6', 6],
    ['d7', 10],
    ['d8', 18],
    ['d901', 3],
    ['da0001', 4],
    ['db00000001', 6],
    ['dc0002', 5],
    ['dc', 3],
    ['dd00000002', 7],
    ['de0002', 7],
    ['df00000002', 9],
    ['ddffffffff', 5 + 0xffffffff],
    ['dfffffffff', 5 + 2 * 0xffffffff],
    ['c6ffffffff', 5 + 0xffffffff],
    ['e0', 1],
    ['ff', 1],
  ])('%s: %s', (hex, end) => {
    expect(leastEnd(fromHex(hex), 0)).toBe(end)
  })
})

describe('isPlain', () => {
  it.each<[string, boolean]>([
    ['c0', true],
    ['9201a161', true],
    ['81a16101', true],
    ['8101 92 81 01 02 03', true],
    ['82 01 90 02 80', true],
    ['82 01 80 90 02', false],
    ['8f 01020102010201020102010201020102010201020102010201020102 90 01', false],
    ['81 8f 010201020102010201020102010201020102010201020102010201020102 01', false],
    ['81 90 01', false],
    ['81 80 01', false],
    ['81 c40161 01', false],
    ['81 c5000161 01', false],
    ['81 c600000001 61 01', false],
    ['81 dc0000 01', false],
    ['81 dd00000000 01', false],
    ['81 de0000 01', false],
    ['81 df00000000 01', false],
    ['81 9f 000000000000000000000000000000 01', false],
    ['de0002 01 02 90 03', false],
    ['de0002 01 02 03 90', true],
    ['df00000002 01 02 c40161 03', false],
    ['df00000001 01 c40161', true],
    ['82 01 81 02 81 03 90 90 00', false],
    ['82 01 81 02 81 03 90 04 00', true],
    ['81 d90161 01', true],
    ['81 da000161 90', true],
    ['81 db0000000161 90', true],
    ['81 c3 90', true],
    ['81 cb0000000000000000 90', true],
    ['81 d3ffffffffffffffff 90', true],
    ['92 81 01 02 c40161', true],
    ['c70005', false],
    ['c8000005', false],
    ['c90000000005', false],
    ['d40500', false],
    ['d5050000', false],
    ['d60500000000', false],
    ['d7050000000000000000', false],
    ['d80500000000000000000000000000000000', false],
    ['91 d40500', false],
    ['c403 c70005', true],
    ['a3 d40500', true],
    ['cdd405', true],
    ['d3d4d5d6d7d8c7c8c9', true],
    ['dc0011 0000000000000000000000000000000000', true],
    ['dc0002 81 90 01 02', false],
    ['92 d90161 d40500', false],
    ['92 c40161 81 90 01', false],
    ['92 da000161 81 90 01', false],
  ])('%s: %s', (hex, plain) => {
    const bytes = fromHex(hex.replaceAll(' ', ''))
    expect(leastEnd(bytes, 0)).toBe(bytes.length)
    expect(isPlain(bytes, 0, bytes.length)).toBe(plain)
    expect(isPlain(Uint8Array.of(0xc7, ...bytes, 0xc7), 1, bytes.length + 1)).toBe(plain)
  })

  it('is what the writers of JSON can say', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const wire = oracle.encode(value)
        expect(isPlain(wire, 0, wire.length)).toBe(true)
      }),
      runs,
    )
  })
})

describe('every head', () => {
  /** How many bytes stand behind a head, by the specification: those that say a length, and those of a value without one. */
  const widths: Readonly<Record<number, number>> = {
    0xc4: 1,
    0xc5: 2,
    0xc6: 4,
    0xc7: 1,
    0xc8: 2,
    0xc9: 4,
    0xd9: 1,
    0xda: 2,
    0xdb: 4,
    0xdc: 2,
    0xdd: 4,
    0xde: 2,
    0xdf: 4,
  }
  const fixed: Readonly<Record<number, number>> = {
    0xca: 4,
    0xcb: 8,
    0xcc: 1,
    0xcd: 2,
    0xce: 4,
    0xcf: 8,
    0xd0: 1,
    0xd1: 2,
    0xd2: 4,
    0xd3: 8,
    0xd4: 2,
    0xd5: 3,
    0xd6: 5,
    0xd7: 9,
    0xd8: 17,
  }
  const extent = (code: number, length: number): number => {
    if (code <= 0x7f || code >= 0xe0) return 1
    if (code <= 0x8f) return 1 + 2 * (code - 0x80)
    if (code <= 0x9f) return 1 + (code - 0x90)
    if (code <= 0xbf) return 1 + (code - 0xa0)
    const width = widths[code]
    if (width === undefined) return 1 + (fixed[code] ?? 0)
    const perItem = code >= 0xde ? 2 : 1
    return 1 + width + length * perItem + (code >= 0xc7 && code <= 0xc9 ? 1 : 0)
  }

  it('says how far its value goes', () => {
    for (let code = 0; code <= 0xff; code += 1) {
      for (const length of [0, 1, 3]) {
        const width = widths[code] ?? 0
        // A length of its bytes, and zeros behind it: each of them a value.
        const bytes = Uint8Array.of(
          code,
          ...Array.from({ length: width }, (_, i) => (i === width - 1 ? length : 0)),
          ...Array.from({ length: 64 }, () => 0),
        )
        const expected = code === 0xc1 ? undefined : extent(code, length)
        expect(leastEnd(bytes, 0), code.toString(16)).toBe(expected)
        expect(leastEnd(bytes.subarray(0, Math.max(1, (expected ?? 1) - 1)), 0) ?? Infinity).toBeGreaterThanOrEqual(
          expected ?? 1,
        )
      }
    }
  })
})
