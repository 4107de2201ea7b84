/** What must hold for every caveat, access, token and text, and not only for those somebody thought of. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { caveatsFromJSON, caveatsToJSON } from './caveat-json.ts'
import {
  attenuate,
  clear,
  clearCaveats,
  decodeMacaroon,
  formatAuthorization,
  type Macaroon,
  mintMacaroon,
  parseAuthorization,
  verify,
} from './index.ts'
import { decodeCaveats, encodeCaveats } from './caveat-set.ts'
import { encodeMacaroon } from './macaroon.ts'
import {
  access,
  caveat,
  caveats,
  fewCaveats,
  key,
  minted,
  namedMask,
  rareCaveat,
  sensibleAccess,
} from './testing/arbitraries.ts'
import { caught, codeOf } from './testing/errors.ts'
import { anyText } from './testing/any-text.ts'

const runs = { numRuns: 300 }

describe('caveats', () => {
  it('decode(encode(x)) = x', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(caveat(3), rareCaveat), { maxLength: 8 }), (list) => {
        const wire = encodeCaveats(list)
        expect(decodeCaveats(wire)).toEqual(list)
        expect(encodeCaveats(decodeCaveats(wire))).toEqual(wire)
      }),
      runs,
    )
  })

  it('come back from JSON as they were, but for actions without a letter', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(caveat(2, namedMask), rareCaveat), { maxLength: 8 }),
        fc.constantFrom(0, 2),
        (list, indent) => {
          expect(caveatsFromJSON(caveatsToJSON(list, { indent }))).toEqual(list)
        },
      ),
      runs,
    )
  })
})

describe('macaroons', () => {
  it('decode(encode(x)) = x, and verify', () => {
    fc.assert(
      fc.property(minted, ({ macaroon, key }) => {
        const again = decodeMacaroon(encodeMacaroon(macaroon))
        const said = ({ bytes, location, nonce, unsafeCaveats }: Macaroon) => [
          [bytes, location, unsafeCaveats],
          [nonce.kid, nonce.rnd, nonce.bytes, nonce.proof, nonce.fields],
        ]
        expect(said(again)).toEqual(said(macaroon))
        expect(verify(again, key).caveats).toEqual(macaroon.unsafeCaveats)
      }),
      runs,
    )
  })

  it('verify under their own key only', () => {
    fc.assert(
      fc.property(minted, key, (token, other) => {
        fc.pre(other.join() !== token.key.join())
        expect(codeOf(() => verify(token.macaroon, other))).toBe('forged')
      }),
      runs,
    )
  })

  it('do not verify with any bit flipped, but for those of the location, which the chain does not cover', () => {
    fc.assert(
      fc.property(minted, fc.nat(), fc.integer({ min: 1, max: 255 }), ({ macaroon, key }, position, flip) => {
        const bytes = encodeMacaroon(macaroon)
        const at = position % bytes.length
        bytes[at] = (bytes[at] ?? 0) ^ flip
        const code = codeOf(() => verify(decodeMacaroon(bytes), key))
        const [start, end] = locationOf(macaroon)
        if (at < start || at >= end) expect(code).not.toBe('nothing')
      }),
      { numRuns: 2000 },
    )
  })

  it('do not verify cut short, nor with anything behind them', () => {
    fc.assert(
      fc.property(minted, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 9 }), ({ macaroon }, position, more) => {
        const bytes = macaroon.bytes.subarray(0, 1 + (position % (macaroon.bytes.length - 1)))
        const error = caught(() => decodeMacaroon(bytes))
        expect(error.code).toBe('truncated')
        const least = Number(/at least (\d+) /.exec(error.message)?.[1])
        expect(least).toBeGreaterThan(bytes.length)
        expect(least).toBeLessThanOrEqual(macaroon.bytes.length)
        expect(codeOf(() => decodeMacaroon(Uint8Array.of(...macaroon.bytes, ...more)))).toBe('malformed')
      }),
      runs,
    )
  })

  it('lose no caveat without losing their genuineness', () => {
    fc.assert(
      fc.property(minted, fc.nat(), ({ macaroon, key }, position) => {
        const list = macaroon.unsafeCaveats
        fc.pre(list.length > 1)
        const kept = list.filter((_, i) => i !== position % list.length)
        const { nonce, location } = macaroon
        const donor = mintMacaroon({ kid: nonce.kid, rnd: nonce.rnd, location, key: new Uint8Array(32), caveats: kept })
        const stolen = encodeMacaroon(donor)
        stolen.set(macaroon.tail, stolen.length - 32)
        expect(codeOf(() => verify(decodeMacaroon(stolen), key))).toBe('forged')
      }),
      runs,
    )
  })
})

describe('attenuation', () => {
  it('never widens what clears', () => {
    let [kept, narrowed] = [0, 0]
    const input = { kid: Uint8Array.of(1), rnd: new Uint8Array(16), location: '', key: new Uint8Array(32) }
    const accesses = fc.array(sensibleAccess, { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(fewCaveats, fewCaveats, accesses, (first, more, list) => {
        const macaroon = mintMacaroon({ ...input, caveats: first })
        const before = verify(macaroon, input.key)
        const after = verify(attenuate(macaroon, more), input.key)
        for (const one of list) {
          const [was, is] = [clear(before, [one]).allowed, clear(after, [one]).allowed]
          expect(is && !was).toBe(false)
          if (was && is) kept += 1
          if (was && !is) narrowed += 1
        }
      }),
      { numRuns: 1500 },
    )
    // Otherwise the property would say nothing.
    expect(Math.min(kept, narrowed), `${kept} kept, ${narrowed} narrowed`).toBeGreaterThan(20)
  })

  it('twice with the same is the same as once, and step by step the same as at once', () => {
    fc.assert(
      fc.property(minted, caveats, caveats, ({ macaroon }, first, second) => {
        const once = attenuate(macaroon, first)
        expect(attenuate(once, first).bytes).toEqual(once.bytes)
        expect(attenuate(once, second).bytes).toEqual(attenuate(macaroon, [...first, ...second]).bytes)
      }),
      runs,
    )
  })
})

describe('clearing', () => {
  it('allows several accesses exactly if it allows each', () => {
    fc.assert(
      fc.property(caveats, fc.array(access, { minLength: 1, maxLength: 4 }), (list, accesses) => {
        const together = clearCaveats(list, accesses).allowed
        expect(together).toBe(accesses.every((one) => clearCaveats(list, [one]).allowed))
      }),
      runs,
    )
  })

  it('gives every denial a reason that is a sentence', () => {
    fc.assert(
      fc.property(caveats, fc.oneof(access, sensibleAccess), (list, one) => {
        const clearance = clearCaveats(list, [one])
        if (clearance.allowed) return
        for (const { reason } of clearance.denials) {
          expect(reason).toMatch(/^[A-Z]\w+.{10,}[^.]$/s)
          expect(reason).not.toMatch(/undefined|null|NaN|\[object/)
        }
      }),
      runs,
    )
  })
})

describe('no parser throws anything but MacaroonError', () => {
  it('for random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        codeOf(() => decodeMacaroon(bytes))
        codeOf(() => decodeCaveats(bytes))
        codeOf(() => decodeMacaroon(Uint8Array.of(0x94, 0x93, 0xc4, 0, 0xc4, 0, 0xc2, 0xa0, ...bytes)))
      }),
      { numRuns: 3000 },
    )
  })

  it('for tokens with some bytes changed', () => {
    const change = fc.tuple(
      fc.nat(),
      fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0xc0, 0xdd, 0xdf, 0xff)),
    )
    fc.assert(
      fc.property(minted, fc.array(change, { minLength: 1, maxLength: 5 }), ({ macaroon }, changes) => {
        const bytes = encodeMacaroon(macaroon)
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        const code = codeOf(() => encodeCaveats(decodeMacaroon(bytes).unsafeCaveats))
        expect(['nothing', 'truncated', 'malformed', 'not-canonical', 'too-many', 'too-deep']).toContain(code)
      }),
      { numRuns: 2000 },
    )
  })

  it('for random texts and cut headers', () => {
    const piece = fc.constantFrom(
      'fm2_',
      'fm1r_',
      'fo1_',
      'FlyV1 ',
      'Bearer ',
      ',',
      ' ',
      'AAAA',
      '==',
      '=',
      '-',
      'é',
      '_',
    )
    const texts = fc.oneof(
      anyText(),
      fc.array(piece, { maxLength: 12 }).map((list) => list.join('')),
    )
    fc.assert(
      fc.property(texts, minted, fc.nat(), (text, { macaroon }, cut) => {
        codeOf(() => parseAuthorization(text))
        const header = formatAuthorization([macaroon.bytes])
        codeOf(() => parseAuthorization(header.slice(0, cut % header.length)))
        codeOf(() => caveatsFromJSON(text))
      }),
      { numRuns: 2000 },
    )
  })

  it('for random and broken JSON', () => {
    const name = fc.constantFrom('type', 'body', 'id', 'mask', 'ifs', 'else', 'apps', 'args', 'msgpack')
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom<unknown>(
          null,
          true,
          1,
          1.5,
          'r',
          'Organization',
          'IfPresent',
          'Apps',
          'Commands',
          '3P',
          '77',
          'AAAA',
        ),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(name, tie('tree'), { maxKeys: 3 }),
      ),
    }))
    fc.assert(
      fc.property(tree, fc.nat(), (value, cut) => {
        const text = JSON.stringify([{ type: 'IfPresent', body: { ifs: value, else: 'r' } }, value])
        codeOf(() => caveatsFromJSON(text))
        codeOf(() => caveatsFromJSON(text.slice(0, cut % text.length)))
      }),
      { numRuns: 1000 },
    )
  })
})

function locationOf(macaroon: Macaroon): [number, number] {
  const start = 1 + macaroon.nonce.bytes.length
  return [start, start + 1 + new TextEncoder().encode(macaroon.location).length]
}
