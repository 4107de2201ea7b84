/** What must hold of third parties for all questions and answers, changed or not. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  attenuate,
  bindToParent,
  clear,
  decodeMacaroon,
  dischargeTicket,
  formatAuthorization,
  type Macaroon,
  mintMacaroon,
  openTicket,
  parseBundle,
  ticketsOf,
  verify,
  verifyBundle,
} from './index.ts'
import { encodeMacaroon } from './macaroon.ts'
import { caveat, caveats, discharged, key, minted, sensibleAccess, thirdPartyLocation } from './testing/arbitraries.ts'
import { codeOf } from './testing/errors.ts'

const runs = { numRuns: 300 }
const position = fc.nat()
const flip = fc.integer({ min: 1, max: 255 })

describe('a token and its discharge', () => {
  it('verify together, and not apart', () => {
    fc.assert(
      fc.property(discharged, ({ macaroon, key, discharge, shared }) => {
        const trusted = new Map([[thirdPartyLocation, [shared]]])
        const verified = verify(macaroon, key, { discharges: [discharge] })
        expect(verified.discharges).toEqual([discharge])
        const seen = discharge.unsafeCaveats.filter(({ type }) => type !== 'BindToParentToken')
        const own = macaroon.unsafeCaveats.filter(({ type }) => type !== '3P')
        expect(verify(macaroon, key, { discharges: [discharge], trusted }).caveats).toEqual([...own, ...seen])
        expect(verified.caveats).toEqual([...own, ...seen.filter(({ type }) => type !== 'FlyioUserID')])
        expect(codeOf(() => verify(macaroon, key))).toBe('undischarged')
        expect(codeOf(() => verify(discharge, key))).toBe('forged')
      }),
      runs,
    )
  })

  it('come back from their bytes as they were', () => {
    fc.assert(
      fc.property(discharged, ({ macaroon, discharge }) => {
        for (const one of [macaroon, discharge]) expect(decodeMacaroon(encodeMacaroon(one))).toEqual(one)
      }),
      runs,
    )
  })

  it('do not verify with any byte of either changed, but for those of a location', () => {
    fc.assert(
      fc.property(discharged, position, flip, fc.boolean(), ({ macaroon, key, discharge }, at, by, inToken) => {
        const one = inToken ? macaroon : discharge
        const [bytes, place] = changed(one, at, by)
        const [start, end] = locationOf(one)
        if (place >= start && place < end) return
        const code = codeOf(() => {
          const other = decodeMacaroon(bytes)
          if (inToken) verify(other, key, { discharges: [discharge] })
          else verify(macaroon, key, { discharges: [other] })
        })
        expect(code).not.toBe('nothing')
      }),
      { numRuns: 3000 },
    )
  })

  it('attest nothing with any byte of the location changed, either', () => {
    fc.assert(
      fc.property(discharged, position, flip, ({ macaroon, key, discharge, shared }, at, by) => {
        const [start, end] = locationOf(discharge)
        const bytes = encodeMacaroon(discharge)
        bytes[start + (at % (end - start))] = (bytes[start + (at % (end - start))] ?? 0) ^ by
        const trusted = new Map([[thirdPartyLocation, [shared]]])
        const code = codeOf(() => {
          const verified = verify(macaroon, key, { discharges: [decodeMacaroon(bytes)], trusted })
          expect(verified.caveats.some(({ type }) => type === 'FlyioUserID')).toBe(false)
        })
        expect(['nothing', 'malformed', 'truncated', 'not-canonical']).toContain(code)
      }),
      runs,
    )
  })

  it('take no discharge of another token', () => {
    fc.assert(
      fc.property(discharged, discharged, (one, other) => {
        fc.pre(one.ticket.join() !== other.ticket.join())
        expect(codeOf(() => verify(one.macaroon, one.key, { discharges: [other.discharge] }))).toBe('undischarged')
        // Nor under the name of its own ticket.
        const stolen = dischargeTicket({
          key: other.shared,
          ticket: other.ticket,
          location: thirdPartyLocation,
          rnd: new Uint8Array(16),
        })
        const renamed = rename(stolen, one.ticket)
        const code = codeOf(() => verify(one.macaroon, one.key, { discharges: [renamed] }))
        expect(code).toBe('bad-discharge')
      }),
      runs,
    )
  })

  it('never clear more with a discharge than the token would without its third party', () => {
    let [both, fewer] = [0, 0]
    fc.assert(
      fc.property(discharged, fc.array(sensibleAccess, { minLength: 1, maxLength: 4 }), (one, accesses) => {
        const { macaroon, key, discharge } = one
        const own = macaroon.unsafeCaveats.filter(({ type }) => type !== '3P')
        const alone = mintMacaroon({ kid: Uint8Array.of(1), rnd: new Uint8Array(16), location: '', key, caveats: own })
        const verified = verify(macaroon, key, { discharges: [discharge] })
        for (const access of accesses) {
          const [with3P, without] = [clear(verified, [access]).allowed, clear(verify(alone, key), [access]).allowed]
          expect(with3P && !without).toBe(false)
          if (with3P) both += 1
          else if (without) fewer += 1
        }
      }),
      { numRuns: 1500 },
    )
    expect(Math.min(both, fewer), `${both} kept, ${fewer} narrowed`).toBeGreaterThan(0)
  })
})

describe('a bound discharge', () => {
  it('goes with its parent, and with all that is attenuated from it, and with nothing else', () => {
    fc.assert(
      fc.property(discharged, caveats, caveats, (one, more, other) => {
        fc.pre(!one.discharge.nonce.proof)
        const { macaroon, key, discharge } = one
        const narrowed = attenuate(macaroon, more)
        fc.pre(narrowed.unsafeCaveats.length > macaroon.unsafeCaveats.length)
        const bound = bindToParent(discharge, narrowed)
        expect(codeOf(() => verify(narrowed, key, { discharges: [bound] }))).toBe('nothing')
        expect(codeOf(() => verify(attenuate(narrowed, other), key, { discharges: [bound] }))).toBe('nothing')
        expect(codeOf(() => verify(macaroon, key, { discharges: [bound] }))).toBe('bad-discharge')
      }),
      runs,
    )
  })
})

describe('a ticket', () => {
  it('does not come open with any byte changed, cut short or under another key', () => {
    fc.assert(
      fc.property(discharged, position, flip, key, ({ ticket, shared }, at, by, other) => {
        expect(codeOf(() => openTicket(shared, ticket))).toBe('nothing')
        const bytes = new Uint8Array(ticket)
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ by
        expect(codeOf(() => openTicket(shared, bytes))).toBe('bad-ticket')
        expect(codeOf(() => openTicket(shared, ticket.subarray(0, at % ticket.length)))).toBe('bad-ticket')
        expect(codeOf(() => openTicket(shared, Uint8Array.of(...ticket, by)))).toBe('bad-ticket')
        fc.pre(other.join() !== shared.join())
        expect(codeOf(() => openTicket(other, ticket))).toBe('bad-ticket')
      }),
      runs,
    )
  })
})

describe('a bundle', () => {
  it('throws nothing but MacaroonError, and verifies only what verifies alone', () => {
    fc.assert(
      fc.property(fc.array(discharged, { maxLength: 3 }), minted, position, flip, (list, plain, at, by) => {
        const keys = new Map([plain, ...list].map((one) => [one.macaroon.nonce.kid.join(), one.key]))
        const all = [plain.macaroon, ...list.flatMap(({ macaroon, discharge }) => [discharge, macaroon])]
        const tokens = all.map((one, i) => (i === at % all.length ? changed(one, at, by)[0] : one.bytes))
        const bundle = parseBundle(formatAuthorization(tokens), { location: plain.macaroon.location })
        const { verified, refused } = verifyBundle(bundle, ({ kid }) => keys.get(kid.join()))
        expect(verified.length + refused.length).toBe(bundle.permissions.length)
        for (const { macaroon, discharges } of verified) {
          expect(ticketsOf(macaroon, discharges).size).toBe(0)
          const token = keys.get(macaroon.nonce.kid.join()) ?? new Uint8Array(0)
          expect(codeOf(() => verify(macaroon, token, { discharges }))).toBe('nothing')
        }
      }),
      runs,
    )
  })
})

describe('attenuating a discharge', () => {
  it('never widens what clears', () => {
    fc.assert(
      fc.property(discharged, fc.array(caveat(1), { maxLength: 3 }), sensibleAccess, (one, more, access) => {
        fc.pre(!one.discharge.nonce.proof)
        const before = verify(one.macaroon, one.key, { discharges: [one.discharge] })
        const after = verify(one.macaroon, one.key, { discharges: [attenuate(one.discharge, more)] })
        expect(clear(after, [access]).allowed && !clear(before, [access]).allowed).toBe(false)
      }),
      runs,
    )
  })
})

function changed(macaroon: Macaroon, position: number, flip: number): [Uint8Array, number] {
  const bytes = encodeMacaroon(macaroon)
  const at = position % bytes.length
  bytes[at] = (bytes[at] ?? 0) ^ flip
  return [bytes, at]
}

/** Where the location stands, its head included. */
function locationOf(macaroon: Macaroon): [number, number] {
  const start = 1 + macaroon.nonce.bytes.length
  return [start, start + 1 + new TextEncoder().encode(macaroon.location).length]
}

/** The same with another kid of the same length, which the tail does not cover then. */
function rename(macaroon: Macaroon, kid: Uint8Array): Macaroon {
  const head = kid.length < 0x100 ? [0xc4, kid.length] : [0xc5, kid.length >> 8, kid.length & 0xff]
  const rest = macaroon.bytes.subarray(1 + (macaroon.nonce.kid.length < 0x100 ? 3 : 4) + macaroon.nonce.kid.length)
  return decodeMacaroon(Uint8Array.of(0x94, 0x93, ...head, ...kid, ...rest))
}
