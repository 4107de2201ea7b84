/** Macaroons of a header are read in memory that is only lent: each must come to the same as one with bytes of its own. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { actions } from './action.ts'
import { parseBundle, verifyBundle } from './bundle.ts'
import type { Caveat } from './caveat.ts'
import { decodeMacaroon, Macaroon } from './macaroon.ts'
import { attenuate, mintMacaroon } from './mint.ts'
import { defineCaveat } from './own-caveat.ts'
import { caught, codeOf } from './testing/errors.ts'
import { countUp } from './testing/vectors.ts'
import { formatAuthorization, parseAuthorization } from './text.ts'
import { verify } from './verify.ts'
import { extendVocabulary, flyVocabulary, type Vocabulary } from './vocabulary.ts'

const location = 'https://api.fly.io/v1'
const key = new Uint8Array(32).fill(9)
const random = countUp()
const organization = (id: number): Caveat => ({ type: 'Organization', id: BigInt(id), mask: actions.any })
const mint = (caveats: readonly Caveat[], vocabulary: Vocabulary = flyVocabulary) =>
  mintMacaroon({ kid: random(4), rnd: random(16), location, key, caveats }, { vocabulary })
const read = (header: string, vocabulary: Vocabulary = flyVocabulary) =>
  parseBundle(header, { location, vocabulary }).permissions.map(({ macaroon }) => macaroon)

/** Everything that a macaroon says, which is more than its own fields. */
function allOf(macaroon: Macaroon): object {
  const { nonce, location: at, tail, bytes, unsafeCaveats } = macaroon
  const { offsets, nonceEnd } = Macaroon.placesOf(macaroon)
  const { kid, rnd, proof, fields, bytes: nonceBytes } = nonce
  return { kid, rnd, proof, fields, nonceBytes, at, tail, bytes, unsafeCaveats, offsets, nonceEnd }
}

describe('macaroons that were read from a header', () => {
  it('say the same as others, and are as genuine', () => {
    const token = fc.record({ id: fc.integer({ min: 1, max: 2 ** 40 }), many: fc.nat(4), forged: fc.boolean() })
    const headers = fc.array(fc.array(token, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(headers, fc.array(fc.nat(), { maxLength: 12 }), (drawn, order) => {
        const made = drawn.map((tokens) =>
          tokens.map(({ id, many, forged }) => {
            const { bytes } = mint([organization(id), ...Array.from({ length: many }, (_, i) => organization(i))])
            if (forged) bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
            return { bytes, forged }
          }),
        )
        const texts = made.map((tokens) => formatAuthorization(tokens.map(({ bytes }) => bytes)))
        const found = texts.map((text) => read(text))
        expect(found.map((macaroons) => macaroons.length)).toEqual(made.map((tokens) => tokens.length))
        // In any order, and with other headers read in between.
        for (const at of order) {
          const which = at % found.length
          if (at % 3 === 0) read(texts[which] ?? '')
          for (const [i, macaroon] of (found[which] ?? []).entries()) {
            const { bytes, forged } = made[which]?.[i] ?? expect.fail()
            if (at % 2 === 0) expect(allOf(macaroon)).toEqual(allOf(decodeMacaroon(bytes)))
            expect(codeOf(() => verify(macaroon, key))).toBe(forged ? 'forged' : 'nothing')
            expect(macaroon.bytes).toEqual(bytes)
          }
        }
      }),
    )
  })

  it('are not mixed up where one header is read after the other, whatever was forged', () => {
    const [good, other] = [mint([organization(1)]).bytes, mint([organization(2)]).bytes]
    const bad = new Uint8Array(good)
    bad[bad.length - 1] = (bad.at(-1) ?? 0) ^ 1
    for (const [first, second] of [
      [good, bad],
      [bad, good],
      [bad, other],
    ] as const) {
      const before = parseBundle(formatAuthorization([first]), { location })
      const after = parseBundle(formatAuthorization([second]), { location })
      const isGenuine = (bundle: typeof before) => verifyBundle(bundle, () => key).verified.length === 1
      expect([isGenuine(before), isGenuine(after), isGenuine(before)]).toEqual([
        first !== bad,
        second !== bad,
        first !== bad,
      ])
    }
  })

  it('can be added to later', () => {
    const [first] = read(formatAuthorization([mint([organization(1)]).bytes]))
    read(formatAuthorization([mint([organization(2)]).bytes]))
    const narrowed = attenuate(first ?? expect.fail(), [{ type: 'IsMember' }])
    const verified = verify(narrowed, key)
    expect(verified.caveats).toEqual([organization(1), { type: 'IsMember' }])
    expect([verified.location, verified.nonce.rnd]).toEqual([location, first?.nonce.rnd])
  })

  it('are read rightly where a caveat of a service reads a header while it is read itself', () => {
    let inner = 'fm2_AAAA'
    const busy = defineCaveat<string>({
      name: 'Busy',
      number: 2n ** 48n,
      decode(reader) {
        const text = reader.readString()
        parseAuthorization(inner)
        return text
      },
      encode: (writer, text) => writer.writeString(text),
      toJson: (text) => text,
      fromJson: String,
      prohibits: () => undefined,
    })
    const vocabulary = extendVocabulary(flyVocabulary, [busy.codec])
    const caveats = [busy.of('first'), organization(1), busy.of('second'), organization(2)]
    const minted = mint(caveats, vocabulary)
    const others = [
      [organization(7), organization(8), organization(9)],
      // Every byte of it would fit where those of the first stood.
      [busy.of('FIRST'), organization(5), busy.of('SECOND'), organization(6)],
    ]
    for (const other of others) {
      const { bytes } = mint(other, vocabulary)
      inner = formatAuthorization([bytes, bytes])
      const [found, again] = read(formatAuthorization([minted.bytes, minted.bytes]), vocabulary)
      for (const macaroon of [found, again]) {
        expect(macaroon?.unsafeCaveats).toEqual(caveats)
        expect(verify(macaroon ?? expect.fail(), key).caveats).toEqual(caveats)
      }
    }
  })

  it('end where they end, even where the rest of the same macaroon still lies behind', () => {
    const { bytes } = mint([
      organization(2 ** 40),
      { type: 'Apps', apps: new Map([[1n, actions.any]]) },
      { type: 'IfPresent', ifs: [{ type: 'Machines', machines: null }], else: actions.read },
      { type: 'Commands', commands: null },
      { type: 'Unknown', number: 99n, body: Uint8Array.of(0x92, 0xc4, 1, 7, 0xa1, 0x61) },
    ])
    const header = formatAuthorization([bytes])
    for (let length = 1; length < bytes.length; length += 1) {
      const cut = bytes.slice(0, length)
      read(header)
      const { permissions, discharges, damaged } = parseBundle(formatAuthorization([cut]), { location })
      expect([permissions, discharges]).toEqual([[], []])
      const { code, message } = caught(() => decodeMacaroon(cut))
      expect(damaged.map(({ error }) => [error.code, error.message])).toEqual([[code, message]])
    }
  })

  it('count bytes from the beginning of each, in messages', () => {
    const { bytes } = mint([organization(1)])
    const damaged = new Uint8Array(bytes)
    damaged[1] = 0x91
    const { damaged: told } = parseBundle(formatAuthorization([bytes, damaged]), { location })
    expect(told.map(({ index, error }) => [index, error.message])).toEqual([
      [1, 'Byte 1: a nonce has 2 or 3 fields, and this one has 1'],
    ])
  })
})
