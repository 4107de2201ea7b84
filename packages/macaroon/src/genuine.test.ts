/** What is verified without the key is what the key verifies, and never more. */

import { inspect } from 'node:util'

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keepGenuine, verifyBelow } from './genuine.ts'
import {
  attenuate,
  bindToParent,
  clear,
  decodeMacaroon,
  dischargeTicket,
  type Macaroon,
  thirdParty,
  verify,
} from './index.ts'
import { encodeMacaroon } from './macaroon.ts'
import { caveats, discharged, minted, sensibleAccess, thirdPartyLocation } from './testing/arbitraries.ts'
import { codeOf } from './testing/errors.ts'
import { replay } from './testing/vectors.ts'

const runs = { numRuns: 300 }
const additions = fc.array(caveats, { maxLength: 3 })
const attenuateAll = (macaroon: Macaroon, lists: readonly Parameters<typeof attenuate>[1][]) =>
  lists.reduce((child, list) => attenuate(child, list), macaroon)

describe('a macaroon below a genuine one', () => {
  it('is what its key says, and decides the same', () => {
    fc.assert(
      fc.property(minted, additions, additions, sensibleAccess, ({ macaroon, key }, above, below, access) => {
        const parent = attenuateAll(macaroon, above)
        const child = attenuateAll(parent, below)
        const found = verifyBelow(keepGenuine(parent, []), decodeMacaroon(encodeMacaroon(child)), [])
        const verified = verify(child, key)
        expect(found?.caveats).toEqual(verified.caveats)
        expect(found && clear(found, [access])).toEqual(clear(verified, [access]))
      }),
      runs,
    )
  })

  it('has the discharges that were accepted, and decides the same', () => {
    fc.assert(
      fc.property(discharged, additions, sensibleAccess, ({ macaroon, key, discharge }, below, access) => {
        const child = attenuateAll(macaroon, below)
        const found = verifyBelow(keepGenuine(macaroon, [discharge]), child, [discharge])
        const verified = verify(child, key, { discharges: [discharge] })
        expect(found?.caveats).toEqual(verified.caveats)
        expect(found?.discharges).toEqual([discharge])
        expect(found && clear(found, [access])).toEqual(clear(verified, [access]))
      }),
      runs,
    )
  })

  it('is forged with any byte changed, or not below it', () => {
    fc.assert(
      fc.property(minted, additions, fc.nat(), fc.integer({ min: 1, max: 255 }), ({ macaroon }, below, at, by) => {
        const bytes = encodeMacaroon(attenuateAll(macaroon, below))
        const place = at % bytes.length
        bytes[place] = (bytes[place] ?? 0) ^ by
        let found: unknown
        const code = codeOf(() => (found = verifyBelow(keepGenuine(macaroon, []), decodeMacaroon(bytes), [])))
        expect(code === 'nothing' ? found : undefined).toBeUndefined()
      }),
      { numRuns: 3000 },
    )
  })

  it('is none where it is above the kept one, beside it, or another', () => {
    fc.assert(
      fc.property(minted, minted, caveats, caveats, ({ macaroon }, other, one, two) => {
        const [left, right] = [attenuate(macaroon, one), attenuate(macaroon, two)]
        const kept = keepGenuine(left, [])
        const isBelow = (child: Macaroon) => verifyBelow(kept, child, []) !== undefined
        const startsWith = (long: Macaroon, short: Macaroon) =>
          JSON.stringify(long.unsafeCaveats.slice(0, short.unsafeCaveats.length), replaceBigint) ===
          JSON.stringify(short.unsafeCaveats, replaceBigint)
        expect(isBelow(right)).toBe(startsWith(right, left))
        expect(isBelow(macaroon)).toBe(startsWith(macaroon, left))
        expect(isBelow(other.macaroon)).toBe(false)
      }),
      runs,
    )
  })
})

function replaceBigint(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`
  return value instanceof Map ? [...(value as Map<unknown, unknown>)] : value
}

const [{ macaroon, key }] = fc.sample(minted, { numRuns: 1, seed: 1 }) as [{ macaroon: Macaroon; key: Uint8Array }]

describe('nothing is said without the key', () => {
  const shared = new Uint8Array(32).fill(5)
  const demand = thirdParty({
    key: shared,
    location: thirdPartyLocation,
    caveats: [],
    random: replay(new Uint8Array(56).fill(3)),
  })
  const asking = attenuate(macaroon, [demand])
  const answer = (rnd: number, proof: boolean) =>
    dischargeTicket({
      key: shared,
      ticket: demand.ticket,
      location: thirdPartyLocation,
      rnd: new Uint8Array(16).fill(rnd),
      caveats: [],
      proof,
    })

  it('of a third party that an attenuation asks', () => {
    const discharge = answer(1, true)
    expect(verify(asking, key, { discharges: [discharge] }).discharges).toEqual([discharge])
    expect(verifyBelow(keepGenuine(macaroon, []), asking, [discharge])).toBeUndefined()
  })

  it('of a discharge that was not accepted with it, or did not come', () => {
    const [accepted, other] = [answer(1, true), answer(2, true)]
    const kept = keepGenuine(asking, [accepted])
    expect(verifyBelow(kept, asking, [other])).toBeUndefined()
    expect(verifyBelow(kept, asking, [])).toBeUndefined()
    expect(verifyBelow(kept, asking, [other, accepted])?.discharges).toEqual([accepted])
  })

  it('of a discharge that its holder has bound to another token since then', () => {
    const accepted = answer(1, false)
    const bound = bindToParent(accepted, macaroon)
    expect(verifyBelow(keepGenuine(asking, [accepted]), asking, [bound])).toBeUndefined()
  })
})

it('a kept macaroon shows nothing of itself', () => {
  const kept = keepGenuine(macaroon, [])
  const tail = Buffer.from(macaroon.tail).toString('latin1')
  for (const text of [inspect(kept, { showHidden: true }), JSON.stringify(kept)]) {
    expect(text).not.toContain(tail)
    expect(text.length).toBeLessThan(60)
  }
  expect(kept.size).toBeGreaterThan(macaroon.bytes.length / 2)
})
