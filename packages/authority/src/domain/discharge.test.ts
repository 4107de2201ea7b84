import { clearCaveats, type Caveat } from '@hallpass/macaroon'
import { decodeCaveats, encodeCaveats } from '@hallpass/macaroon/internal'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  caveatsOfDemand,
  parseTicket,
  readDemand,
  stricter,
  ticketVocabulary,
  type Demand,
  type TokenDischargeAccess,
} from './discharge.ts'
import { anyText } from '../../../macaroon/src/testing/any-text.ts'

const id = fc.integer({ min: 1, max: 2 ** 31 - 1 })
const demands: fc.Arbitrary<Demand> = fc.record({
  tokenId: fc.uuid(),
  userId: id,
  organisationId: id,
  how: fc.constantFrom('member', 'login'),
  seconds: fc.integer({ min: 1, max: 86_400 }),
})

/** An access that meets the demand in every respect. */
function whoMeets({ tokenId, userId, organisationId, seconds }: Demand): TokenDischargeAccess {
  const flyio = [{ userId: BigInt(userId), organizationIds: [BigInt(organisationId)] }]
  return { type: 'discharge', now: 1000, expiry: 1000 + seconds, flyio, tokenId, confirmed: true }
}

const allows = (demand: Demand, access: TokenDischargeAccess) =>
  clearCaveats(caveatsOfDemand(demand), [access], ticketVocabulary).allowed

describe('what a ticket demands', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(demands, (demand) => {
        const bytes = encodeCaveats(caveatsOfDemand(demand), ticketVocabulary)
        expect(readDemand(decodeCaveats(bytes, ticketVocabulary))).toEqual(demand)
      }),
    )
  })

  it('is met only by this person, for this token, in this organisation', () => {
    fc.assert(
      fc.property(demands, fc.uuid(), id, (demand, otherToken, otherId) => {
        fc.pre(otherToken !== demand.tokenId && otherId !== demand.userId && otherId !== demand.organisationId)
        const met = whoMeets(demand)
        const [account = { userId: 0n, organizationIds: [] }] = met.flyio ?? []
        expect(allows(demand, met)).toBe(true)
        expect(allows(demand, { ...met, confirmed: false })).toBe(demand.how === 'member')
        for (const access of [
          { ...met, tokenId: otherToken },
          { ...met, expiry: 1001 + demand.seconds },
          { ...met, flyio: [] },
          { ...met, flyio: [{ ...account, userId: BigInt(otherId) }] },
          { ...met, flyio: [{ ...account, organizationIds: [] }] },
          { ...met, flyio: [{ ...account, organizationIds: [BigInt(otherId)] }] },
        ]) {
          expect(allows(demand, access)).toBe(false)
        }
      }),
    )
  })

  it('allows nothing but discharges, and is unknown to other vocabularies', () => {
    fc.assert(
      fc.property(demands, (demand) => {
        const access = { action: 1, now: 1000, orgId: BigInt(demand.organisationId) }
        expect(clearCaveats(caveatsOfDemand(demand), [access], ticketVocabulary).allowed).toBe(false)
        const foreign = decodeCaveats(encodeCaveats(caveatsOfDemand(demand), ticketVocabulary))
        expect(foreign[0]?.type).toBe('Unknown')
        expect(readDemand(foreign)).toBeUndefined()
        expect(clearCaveats(foreign, [whoMeets(demand)]).allowed).toBe(false)
      }),
    )
  })

  it('is not read from fewer caveats, more caveats, or numbers that are no ids', () => {
    fc.assert(
      fc.property(demands, fc.nat(3), (demand, at) => {
        const caveats = caveatsOfDemand(demand)
        expect(readDemand(caveats.filter((_, index) => index !== at))).toBeUndefined()
        expect(readDemand([...caveats, { type: 'IsMember' }])).toBeUndefined()
        expect(readDemand([...caveats.slice(0, 3), { type: 'IsMember' }])).toBeUndefined()
      }),
    )
    const huge: Caveat = { type: 'ConfineUser', id: 2n ** 31n }
    const [token, , ...rest] = caveatsOfDemand({
      tokenId: '6c541476-46c4-5f27-a87a-08e117d86955',
      userId: 1,
      organisationId: 2,
      how: 'member',
      seconds: 600,
    })
    expect(token && readDemand([token, huge, ...rest])).toBeUndefined()
  })

  it('only grows stricter', () => {
    const ways = fc.constantFrom('none' as const, 'member' as const, 'login' as const)
    const order = ['none', 'member', 'login']
    fc.assert(
      fc.property(ways, ways, (one, other) => {
        const both = order.indexOf(stricter(one, other))
        expect(both).toBe(Math.max(order.indexOf(one), order.indexOf(other)))
      }),
    )
  })
})

describe('a ticket as text', () => {
  it('has one spelling and a maximum length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 1024 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64')
        expect(parseTicket(text)).toEqual(bytes)
        expect(parseTicket(`${text} `)).toBeUndefined()
        expect(parseTicket(`${text}=`)).toBeUndefined()
      }),
    )
    expect(parseTicket('')).toBeUndefined()
    expect(parseTicket(Buffer.alloc(1025).toString('base64'))).toBeUndefined()
    fc.assert(fc.property(anyText(), (text) => void parseTicket(text)))
  })
})
