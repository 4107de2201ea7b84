/** Several discharges of one ticket: whatever their order, a header allows what any choice of them allows, and nothing more. */

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Access } from './access.ts'
import { actions } from './action.ts'
import type { Caveat } from './caveat.ts'
import { clear } from './clear.ts'
import { dischargeTicket, ticketsOf } from './discharge.ts'
import type { Macaroon } from './macaroon.ts'
import { mintMacaroon } from './mint.ts'
import { codeOf } from './testing/errors.ts'
import { countUp } from './testing/vectors.ts'
import { thirdParty } from './third-party.ts'
import { verify } from './verify.ts'

const key = new Uint8Array(32).fill(3)
const shared = new Uint8Array(32).fill(4)
const random = countUp()
const parties = ['https://a.example', 'https://b.example']
const window = (notBefore: number, notAfter: number): Caveat => ({
  type: 'ValidityWindow',
  notBefore: BigInt(notBefore),
  notAfter: BigInt(notAfter),
})
const access = (now: number, action: number = actions.read): Access => ({ action, now, orgId: 12n })

function ask(own: readonly Caveat[], count: number): Macaroon {
  const rnd = random(16)
  const demands = parties.slice(0, count).map((location) => thirdParty({ key: shared, location, random }))
  return mintMacaroon({ kid: random(4), rnd, location: 'x', key, caveats: [...own, ...demands] })
}

function answer(macaroon: Macaroon, location: string, caveats: readonly Caveat[]): Macaroon {
  const [ticket = new Uint8Array(0)] = ticketsOf(macaroon).get(location) ?? []
  return dischargeTicket({ key: shared, ticket, location, rnd: random(16), caveats })
}

/** Whether the token and these discharges allow all of it; what does not verify allows nothing. */
function allows(macaroon: Macaroon, discharges: readonly Macaroon[], accesses: readonly Access[]): boolean {
  let allowed = false
  const code = codeOf(() => {
    allowed = clear(verify(macaroon, key, { discharges }), accesses).allowed
  })
  expect(['nothing', 'no-caveats', 'undischarged']).toContain(code)
  return allowed
}

function choices(lists: readonly (readonly Macaroon[])[]): readonly (readonly Macaroon[])[] {
  const [first, ...rest] = lists
  return first === undefined ? [[]] : first.flatMap((one) => choices(rest).map((others) => [one, ...others]))
}

describe('of several discharges of one ticket', () => {
  it('one that holds is taken, whatever the order: neither one that has ended nor one that has not begun', () => {
    const macaroon = ask([{ type: 'Organization', id: 12n, mask: actions.all }], 1)
    const all = [window(0, 90), window(50, 200), window(500, 900)].map((one) =>
      answer(macaroon, parties[0] ?? '', [one]),
    )
    for (const discharges of [all, all.toReversed(), [all[1], all[2], all[0]] as Macaroon[]]) {
      const verified = verify(macaroon, key, { discharges })
      expect([20, 100, 600, 300, 901].map((now) => clear(verified, [access(now)]).allowed)).toEqual([
        true,
        true,
        true,
        false,
        false,
      ])
      // One for all of the accesses: not one for each.
      expect(clear(verified, [access(20), access(100)]).allowed).toBe(false)
      expect(clear(verified, [access(60), access(80)]).allowed).toBe(true)
      expect(clear(verified, [access(300)])).toMatchObject({ denials: [{ index: 1, caveat: window(500, 900) }] })
    }
  })

  it('those are taken that allow it if any do, and none that do not', () => {
    const caveat = fc.oneof(
      fc.tuple(fc.nat(3), fc.nat(3)).map(([start, length]) => window(start, start + length)),
      fc.constantFrom<Caveat>(
        { type: 'Action', mask: actions.read },
        { type: 'Organization', id: 12n, mask: actions.all },
        { type: 'FlyioUserID', id: 7n },
      ),
    )
    const answers = fc.array(fc.array(caveat, { maxLength: 2 }), { minLength: 1, maxLength: 3 })
    const own = fc.constantFrom<readonly Caveat[]>([], [{ type: 'Organization', id: 12n, mask: actions.all }])
    const asked = fc.array(fc.tuple(fc.nat(6), fc.constantFrom(actions.read, actions.write)), {
      minLength: 1,
      maxLength: 2,
    })
    fc.assert(
      fc.property(
        own,
        fc.array(answers, { minLength: 1, maxLength: 2 }),
        asked,
        fc.infiniteStream(fc.nat()),
        (...drawn) => {
          const [caveats, lists, times, dice] = drawn
          const accesses = times.map(([now, action]) => access(now, action))
          const macaroon = ask(caveats, lists.length)
          const made = lists.map((list, i) => list.map((each) => answer(macaroon, parties[i] ?? '', each)))
          const shuffled = made
            .flat()
            .map((discharge) => ({ discharge, place: dice.next().value }))
            .toSorted((one, other) => one.place - other.place)
            .map(({ discharge }) => discharge)
          const expected = choices(made).some((each) => allows(macaroon, each, accesses))
          expect(allows(macaroon, shuffled, accesses)).toBe(expected)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('as many are tried as attempts are left, and each question has its first one before', () => {
    const macaroon = ask([{ type: 'Organization', id: 12n, mask: actions.all }], 2)
    const many = Array.from({ length: 100 }, (_, i) => answer(macaroon, parties[0] ?? '', [window(1000 - i, 2000 - i)]))
    const discharges = [...many, answer(macaroon, parties[1] ?? '', [])]
    let steps = 0
    const verified = verify(macaroon, key, { discharges, spend: (more) => (steps += more) })
    expect(verified.discharges).toHaveLength(2)
    expect(verified.otherDischarges).toHaveLength(62)
    expect(steps).toBeLessThan(1000)
    // Those that end last are the ones that were tried.
    expect(clear(verified, [access(1000 - 62)]).allowed).toBe(true)
    expect(clear(verified, [access(1000 - 63)]).allowed).toBe(false)
  })

  it('what another attests counts for nothing where it is not the one that is taken', () => {
    const macaroon = ask([], 1)
    const attests = answer(macaroon, parties[0] ?? '', [{ type: 'FlyioUserID', id: 7n }])
    const ended = answer(macaroon, parties[0] ?? '', [window(0, 5)])
    expect(allows(macaroon, [attests, ended], [access(6)])).toBe(false)
    expect(allows(macaroon, [attests, ended], [access(5)])).toBe(true)
  })
})
