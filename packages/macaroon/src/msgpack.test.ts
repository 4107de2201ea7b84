import { Decoder, Encoder } from '@msgpack/msgpack'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MsgpackReader } from './msgpack-reader.ts'
import { MsgpackWriter } from './msgpack-writer.ts'
import { caught, codeOf } from './testing/errors.ts'
import { fromHex, toHex } from './testing/vectors.ts'
import { anyText } from './testing/any-text.ts'

const runs = { numRuns: 300 }

describe('MessagePack', () => {
  it('begins no value with the head of another kind, nor with one that has a shorter spelling', () => {
    const between = (first: number, last: number) => (code: number) => code >= first && code <= last
    const small = between(0, 0x7f)
    const kinds: readonly [
      (reader: MsgpackReader) => unknown,
      right: (code: number) => boolean,
      long: (code: number) => boolean,
    ][] = [
      [(reader) => reader.readUint(), small, between(0xcc, 0xcf)],
      [(reader) => reader.readSmallUint(0x7f), small, between(0xcc, 0xcf)],
      [(reader) => reader.readInt(), (code) => small(code) || code >= 0xe0, between(0xcc, 0xd3)],
      [(reader) => reader.readBoolean(), between(0xc2, 0xc3), () => false],
      [(reader) => reader.readBytes(), between(0xc4, 0xc4), between(0xc5, 0xc6)],
      [(reader) => reader.readBytesOrNull(), (code) => code === 0xc0 || code === 0xc4, between(0xc5, 0xc6)],
      [(reader) => reader.readString(), between(0xa0, 0xbf), between(0xd9, 0xdb)],
      [(reader) => reader.skipString(), between(0xa0, 0xbf), between(0xd9, 0xdb)],
      [(reader) => reader.readArrayLength(), between(0x90, 0x9f), between(0xdc, 0xdd)],
      [(reader) => reader.readMapLength(), between(0x80, 0x8f), between(0xde, 0xdf)],
    ]
    for (const [read, right, long] of kinds) {
      for (let code = 0; code <= 0xff; code += 1) {
        // Behind the head, zeros: of whatever is announced, there is none.
        const wire = Uint8Array.of(code, ...new Uint8Array(40))
        const expected = right(code) ? 'nothing' : long(code) ? 'not-canonical' : 'malformed'
        expect([code, codeOf(() => read(new MsgpackReader(wire)))]).toEqual([code, expected])
      }
    }
  })

  const oracle = new Encoder({ useBigInt64: false })
  const integers = fc.oneof(
    fc.maxSafeInteger(),
    fc.constantFrom(
      0,
      127,
      128,
      255,
      256,
      65535,
      65536,
      2 ** 32 - 1,
      2 ** 32,
      -1,
      -32,
      -33,
      -128,
      -129,
      -32768,
      -32769,
      -(2 ** 31),
    ),
  )

  it('writes and reads what @msgpack/msgpack writes and reads', () => {
    fc.assert(
      fc.property(integers, anyText({ maxLength: 400 }), fc.uint8Array({ maxLength: 400 }), (n, text, bin) => {
        const wire = written((writer) => {
          writer.writeArrayLength(5)
          writer.writeInt(BigInt(n))
          writer.writeString(text)
          writer.writeBytes(bin)
          writer.writeBoolean(n > 0)
          writer.writeNil()
        })
        expect(wire).toEqual(oracle.encode([n, text, bin, n > 0, null]))
        expect(new Decoder({}).decode(wire)).toEqual([n, text, bin, n > 0, null])
        const reader = new MsgpackReader(wire)
        expect(reader.readArrayLength()).toBe(5)
        expect(reader.readInt()).toBe(BigInt(n))
        expect(reader.readString()).toBe(text)
        expect(reader.readBytes()).toEqual(bin)
        expect(reader.readBoolean()).toBe(n > 0)
        expect(reader.takeNil()).toBe(true)
        reader.expectEnd()
      }),
      runs,
    )
  })

  it('carries all 64 bits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }), (value) => {
        expect(new MsgpackReader(written((writer) => writer.writeUint(value))).readUint()).toBe(value)
        const signed = BigInt.asIntN(64, value)
        expect(new MsgpackReader(written((writer) => writer.writeInt(signed))).readInt()).toBe(signed)
      }),
      runs,
    )
  })

  it('skips exactly what @msgpack/msgpack writes', () => {
    fc.assert(
      fc.property(
        fc.anything({ withNullPrototype: false, values: [fc.string(), fc.double(), fc.integer(), fc.uint8Array()] }),
        (value) => {
          const wire = oracle.encode(value)
          const reader = new MsgpackReader(Uint8Array.of(...wire, 0x01))
          reader.skipUnknown()
          expect(reader.offset).toBe(wire.length)
        },
      ),
      runs,
    )
  })

  it('holds lists and maps of every length', () => {
    for (const length of [0, 15, 16, 65535, 65536]) {
      const list = new MsgpackReader(
        written((writer) => {
          writer.writeArrayLength(length)
          writer.writeRaw(new Uint8Array(length))
        }),
      )
      expect(list.readArrayLength()).toBe(length)
      const map = new MsgpackReader(
        written((writer) => {
          writer.writeMapLength(length)
          writer.writeRaw(new Uint8Array(length * 2))
        }),
      )
      expect(map.readMapLength()).toBe(length)
    }
  })

  it('has one spelling for every number, text and length', () => {
    const spellings: [keyof typeof readers, string[]][] = [
      ['uint', ['cc7f', 'cd00ff', 'ce0000ffff', 'cf00000000ffffffff']],
      ['int', ['d07f', 'd0e0', 'd1ff80', 'd2ffff8000', 'd3ffffffff80000000', 'cc7f', 'd100ff']],
      ['bytes', [`c500ff${'00'.repeat(255)}`, 'c60000000100', 'c5000100']],
      ['string', ['d90161', `da00ff${'61'.repeat(255)}`, 'db0000000161']],
      ['array', ['dc000101', 'dd0000000101']],
      ['map', ['de00010101', 'df000000010101']],
    ]
    for (const [kind, list] of spellings) {
      for (const hex of list) {
        expect(
          codeOf(() => readers[kind](new MsgpackReader(fromHex(hex)))),
          `${kind} ${hex}`,
        ).toBe('not-canonical')
      }
    }
  })

  it('refuses every kind where another is meant, and says where', () => {
    for (const [kind, read] of Object.entries(readers)) {
      for (const hex of ['c0', 'c1', 'c7010000', 'ca00000000']) {
        expect(
          codeOf(() => read(new MsgpackReader(fromHex(hex)))),
          `${kind} ${hex}`,
        ).toBe('malformed')
      }
    }
    const error = caught(() => new MsgpackReader(fromHex('0102a161'), 2).readUint())
    expect(error.message).toBe('Byte 2: expected an unsigned integer')
  })

  it('allocates nothing for lengths that lie', () => {
    for (const [kind, hex] of [
      ['bytes', 'c6ffffffff00'],
      ['string', 'dbffffffff61'],
      ['array', 'ddffffffff01'],
      ['map', 'dfffffffff0101'],
      ['map', '820101'],
    ] as const) {
      expect(codeOf(() => readers[kind](new MsgpackReader(fromHex(hex))))).toBe('malformed')
    }
    for (const hex of ['ddffffffff', 'dfffffffff00', 'c9ffffffff', '92', '9191919191', 'c1', 'd9']) {
      expect(codeOf(() => new MsgpackReader(fromHex(hex)).skipUnknown())).toBe('malformed')
    }
  })

  it('skips what is nested a hundred thousand deep', () => {
    const deep = new Uint8Array(100_001).fill(0x91)
    deep[100_000] = 0xc0
    const reader = new MsgpackReader(deep)
    reader.skipUnknown()
    reader.expectEnd()
  })

  it('writes only numbers that fit', () => {
    const writer = new MsgpackWriter()
    for (const value of [-1n, 2n ** 64n, 1.5, Number.NaN, 2 ** 53, -1]) {
      expect(codeOf(() => writer.writeUint(value))).toBe('bad-caveat')
    }
    for (const value of [2n ** 63n, -(2n ** 63n) - 1n]) expect(codeOf(() => writer.writeInt(value))).toBe('bad-caveat')
    expect(codeOf(() => writer.writeString('\ud800'))).toBe('bad-caveat')
    expect(toHex(writer.finish())).toBe('')
  })
})

const readers = {
  uint: (reader: MsgpackReader) => reader.readUint(),
  int: (reader: MsgpackReader) => reader.readInt(),
  boolean: (reader: MsgpackReader) => reader.readBoolean(),
  bytes: (reader: MsgpackReader) => reader.readBytes(),
  string: (reader: MsgpackReader) => reader.readString(),
  array: (reader: MsgpackReader) => reader.readArrayLength(),
  map: (reader: MsgpackReader) => reader.readMapLength(),
}

function written(write: (writer: MsgpackWriter) => void): Uint8Array {
  const writer = new MsgpackWriter()
  write(writer)
  return writer.finish()
}
