import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Access } from './access.ts'
import { actions } from './action.ts'
import type { Caveat, Networks } from './caveat.ts'
import { caveatsFromJSON, caveatsToJSON } from './caveat-json.ts'
import { decodeCaveats, encodeCaveats } from './caveat-set.ts'
import { clear, clearCaveats } from './clear.ts'
import { dischargeTicket } from './discharge.ts'
import { explain } from './explain.ts'
import { attenuate, mintMacaroon } from './mint.ts'
import { caveatsOfWords, parseNetwork } from './narrow.ts'
import { address, caveats, minted, networkAround, networks, sensibleAccess } from './testing/arbitraries.ts'
import { caught } from './testing/errors.ts'
import { countUp, fromHex, toHex } from './testing/vectors.ts'
import { thirdParty } from './third-party.ts'
import { verify } from './verify.ts'

interface Vectors {
  readonly caveats: readonly (Record<'name' | 'wire', string> &
    Record<'networks' | 'inside' | 'outside', readonly string[]>)[]
  readonly refused: readonly Record<'name' | 'wire' | 'code', string>[]
}
const vectors = JSON.parse(readFileSync(new URL('../../../vectors/networks.json', import.meta.url), 'utf8')) as Vectors
const runs = { numRuns: 300 }
const organization: Caveat = { type: 'Organization', id: 2n, mask: actions.all }
const from = (...texts: readonly string[]): Networks => ({ type: 'Networks', networks: texts.map(parseNetwork) })
const reading = (sourceAddress?: Access['sourceAddress']): Access => ({
  action: actions.read,
  now: 0,
  orgId: 2n,
  ...(sourceAddress === undefined ? {} : { sourceAddress }),
})
const judge = (list: readonly Caveat[], access: Access) => {
  const clearance = clearCaveats(list, [access])
  return clearance.allowed ? 'allowed' : clearance.denials.map(({ kind, reason }) => `${kind}: ${reason}`).join('; ')
}

describe('networks', () => {
  it('go over the wire as bytes, and through JSON as CIDR', () => {
    fc.assert(
      fc.property(fc.array(networks, { maxLength: 3 }), (list) => {
        expect(decodeCaveats(encodeCaveats(list))).toEqual(list)
        expect(caveatsFromJSON(caveatsToJSON(list))).toEqual(list)
      }),
      runs,
    )
  })

  it('have one spelling, however they are given', () => {
    const given = [
      '192.168.0.0/16',
      '10.1.0.0/16',
      '2001:db8::/32',
      '10.0.0.0/8',
      '::ffff:192.168.1.0/120',
      '10.0.0.0/8',
    ]
    const arranged = [from('10.0.0.0/8', '192.168.0.0/16', '2001:db8::/32')]
    expect(caveatsOfWords({ networks: given })).toEqual(arranged)
    expect(encodeCaveats([from(...given)])).toEqual(encodeCaveats(arranged))
    expect(caveatsFromJSON(JSON.stringify([{ type: 'Networks', body: { networks: given } }]))).toEqual(arranged)
  })

  it.each(vectors.caveats)('of $name', ({ wire, networks: texts, inside, outside }) => {
    const one = from(...texts)
    expect(toHex(encodeCaveats([one]))).toBe(wire)
    expect(decodeCaveats(fromHex(wire))).toEqual([one])
    expect(caveatsToJSON([one])).toBe(JSON.stringify([{ type: 'Networks', body: { networks: texts } }]))
    for (const text of inside) expect(judge([organization, one], reading(text)), text).toBe('allowed')
    for (const text of outside) expect(judge([organization, one], reading(text)), text).not.toBe('allowed')
  })

  it.each(vectors.refused)('are refused on the wire: $name', ({ wire, code }) => {
    expect(caught(() => decodeCaveats(fromHex(wire))).code).toBe(code)
  })

  it('are at most 128', () => {
    const apart = Array.from({ length: 129 }, (_, at) => `10.0.${at}.0/32`)
    expect(decodeCaveats(encodeCaveats([from(...apart.slice(1))]))).toHaveLength(1)
    expect(caught(() => encodeCaveats([from(...apart)])).code).toBe('bad-caveat')
    const json = JSON.stringify([{ type: 'Networks', body: { networks: apart } }])
    expect(caught(() => caveatsFromJSON(json)).message).toContain('[0].body.networks: more than 128 networks')
  })

  it('name what is wrong in JSON and in words', () => {
    const json = '[{"type":"Networks","body":{"networks":["10.0.0.0/8","10.1.0.0/8"]}}]'
    expect(caught(() => caveatsFromJSON(json)).message).toBe(
      '[0].body.networks[1]: has bits beyond its length: write 10.0.0.0/8',
    )
    expect(caught(() => caveatsOfWords({ networks: ['::', 'here'] })).message).toMatch(
      /^words\.networks\[1\] is not a network/,
    )
    for (const wrong of [
      null,
      [null],
      [{ address: [10, 0, 0, 0], bits: 8 }],
      [{ address: Uint8Array.of(10, 1, 0, 0), bits: 8 }],
    ]) {
      expect(caught(() => encodeCaveats([{ type: 'Networks', networks: wrong as never }])).code).toBe('bad-caveat')
    }
  })

  it('allow what comes from them and nothing else', () => {
    const list = [organization, from('10.0.0.0/8', '2001:db8::/32')]
    for (const inside of ['10.255.0.1', '::ffff:10.0.0.1', '2001:db8:1::', () => '10.0.0.1']) {
      expect(judge(list, reading(inside))).toBe('allowed')
    }
    const demand = 'Networks allows only what comes from 10.0.0.0/8 or 2001:db8::/32'
    expect(judge(list, reading('::FFFF:11.0.0.1'))).toBe(`source: ${demand}, and this comes from 11.0.0.1`)
    expect(judge(list, reading('2001:db9:0::1'))).toBe(`source: ${demand}, and this comes from 2001:db9::1`)
    for (const unsaid of [undefined, '', 'machine 148e', '10.0.0.1:80', 'fe80::1%1', () => undefined]) {
      expect(judge(list, reading(unsaid))).toBe(
        `invalid-access: ${demand}, and the address that this comes from is not said`,
      )
    }
    expect(judge([organization, from()], reading('10.0.0.1'))).toContain('only what comes from nowhere')
    expect(judge([organization, from('0.0.0.0/0')], reading('::1'))).toContain('source')
    expect(judge([organization, from('::/0')], reading('10.0.0.1'))).toContain('source')
    const wrong = reading(5 as never)
    expect(caught(() => clearCaveats(list, [wrong])).message).toContain('access.sourceAddress')
  })

  it('ask for the address only where a caveat is about it', () => {
    let asked = 0
    const access = reading(() => {
      asked += 1
      return '10.0.0.1'
    })
    expect(judge([organization], access)).toBe('allowed')
    expect(asked).toBe(0)
    expect(judge([organization, from('10.0.0.0/8')], access)).toBe('allowed')
    expect(asked).toBe(1)
  })

  it('only forbid, wherever they are added', () => {
    fc.assert(
      fc.property(
        caveats,
        networks,
        sensibleAccess,
        address,
        fc.nat(128),
        (list, one, attempt, sourceAddress, length) => {
          const access = { ...attempt, sourceAddress }
          const is = (some: readonly Caveat[]) => clearCaveats(some, [access]).allowed
          if (is([...list, one])) expect(is(list)).toBe(true)
          const around: Networks = { type: 'Networks', networks: networkAround(sourceAddress, length) }
          expect(is([...list, around])).toBe(is(list))
          expect(is([...list, { type: 'Networks', networks: [] }])).toBe(false)
        },
      ),
      runs,
    )
  })

  it('apply to every access where they stand inside IfPresent, so `else` does not count', () => {
    const conditional = (...ifs: readonly Caveat[]): Caveat => ({ type: 'IfPresent', ifs, else: actions.none })
    const apps: Caveat = { type: 'Apps', apps: new Map([[7n, actions.all]]) }
    const list = [organization, conditional(from('10.0.0.0/8'), apps)]
    expect(judge(list, reading('10.0.0.1'))).toBe('allowed')
    expect(judge(list, reading('11.0.0.1'))).toContain('source: IfPresent: Networks')
    expect(judge(list, reading())).toContain('invalid-access: IfPresent: Networks')
    expect(judge(list, { ...reading('10.0.0.1'), appId: 8n })).toContain('Apps')
  })

  it('of a discharge count as those of the token; in a ticket they forbid every discharge', () => {
    const [key, shared, random] = [new Uint8Array(32), new Uint8Array(32).fill(1), countUp()]
    const demand = thirdParty({ key: shared, location: 'x', caveats: [from('10.0.0.0/8')], random })
    const token = mintMacaroon({
      kid: Uint8Array.of(1),
      rnd: random(16),
      location: 'here',
      key,
      caveats: [organization, demand],
    })
    const answer = dischargeTicket({
      key: shared,
      ticket: demand.ticket,
      location: 'x',
      rnd: random(16),
      caveats: [from('10.0.0.0/8')],
    })
    const verified = verify(token, key, { discharges: [answer] })
    expect(clear(verified, [reading('10.0.0.1')]).allowed).toBe(true)
    expect(clear(verified, [reading('11.0.0.1')]).allowed).toBe(false)
    const asking = { type: 'discharge', now: 0, expiry: 1 } as const
    expect(clearCaveats([from('0.0.0.0/0')], [asking])).toMatchObject({
      denials: [{ reason: 'Networks cannot judge who asks for a discharge, so it forbids it' }],
    })
  })

  it('are added by any holder', () => {
    fc.assert(
      fc.property(minted, networks, ({ macaroon, key }, one) => {
        expect(verify(attenuate(macaroon, [one]), key).caveats).toContainEqual(one)
      }),
      runs,
    )
  })

  it('are explained, together with the others', () => {
    const { sentences, caveats: said } = explain([organization, from('10.0.0.0/8', '::1'), from('10.2.0.0/16')], {
      now: 0,
    })
    expect(sentences).toContain('It may be used only from addresses in 10.2.0.0/16.')
    expect(sentences.join(' ')).toContain('It may read')
    expect(said.slice(1)).toEqual([
      'Networks: only from addresses in 10.0.0.0/8 or ::1/128',
      'Networks: only from addresses in 10.2.0.0/16',
    ])
    expect(explain([organization, from('10.0.0.0/8'), from('11.0.0.0/8')], { now: 0 }).nothing).toContain('contradict')
    expect(explain([organization, from()], { now: 0 }).nothing).toBe('Networks: only from no address at all')
    const inside: Caveat = { type: 'IfPresent', ifs: [from('10.0.0.0/8')], else: actions.read }
    expect(explain([organization, inside], { now: 0 }).sentences).toContain(
      'It may be used only from addresses in 10.0.0.0/8.',
    )
  })
})
