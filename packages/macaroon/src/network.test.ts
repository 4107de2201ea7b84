import * as fc from 'fast-check'
import { BlockList, isIP } from 'node:net'
import { describe, expect, it } from 'vitest'
import {
  arrange,
  follows,
  formatAddress,
  formatNetwork,
  holds,
  intersect,
  parseAddress,
  parseNetwork,
} from './network.ts'
import { address, networks } from './testing/arbitraries.ts'
import { caught } from './testing/errors.ts'

const runs = { numRuns: 2000 }

describe('addresses', () => {
  const spelling = fc.oneof(
    address,
    fc.string({ unit: fc.constantFrom('0', '1', 'f', ':', '.', '25', '::'), maxLength: 12 }),
    fc.string(),
  )

  it('are what node:net takes for one, but for zones', () => {
    fc.assert(
      fc.property(spelling, (text) => {
        expect(parseAddress(text) !== undefined).toBe(isIP(text) !== 0 && !text.includes('%'))
      }),
      runs,
    )
    for (const text of ['fe80::1%eth0', '01.2.3.4', '1.2.3', '::1::', '1:2:3:4:5:6:7:8::', '1.2.3.4::', ':::', ' ::']) {
      expect(parseAddress(text)).toBeUndefined()
    }
  })

  it('are written as URLs write them, and read again', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), address), (text) => {
        const bytes = parseAddress(text) ?? new Uint8Array(0)
        const written = formatAddress(bytes)
        expect(parseAddress(written)).toEqual(bytes)
        if (bytes.length === 16) expect(`[${written}]`).toBe(new URL(`http://[${text}]`).hostname)
      }),
      runs,
    )
    expect(formatAddress(parseAddress('::FFFF:cb00:7107') ?? new Uint8Array(0))).toBe('203.0.113.7')
  })
})

describe('networks', () => {
  it('hold what a BlockList of node:net holds', () => {
    fc.assert(
      fc.property(networks, address, ({ networks: list }, text) => {
        const four = new BlockList()
        const six = new BlockList()
        for (const network of list) {
          const isFour = network.address.length === 4
          ;(isFour ? four : six).addSubnet(formatAddress(network.address), network.bits, isFour ? 'ipv4' : 'ipv6')
        }
        const bytes = parseAddress(text) ?? new Uint8Array(0)
        const listed =
          bytes.length === 4 ? four.check(formatAddress(bytes), 'ipv4') : six.check(formatAddress(bytes), 'ipv6')
        expect(list.some((network) => holds(network, bytes))).toBe(listed)
      }),
      runs,
    )
  })

  it('are written in one way, and read again', () => {
    fc.assert(
      fc.property(networks, ({ networks: list }) => {
        const again = list.map(formatNetwork).map(parseNetwork)
        expect(again).toEqual(list)
        expect(arrange([...again].reverse())).toEqual(list)
        expect(list.every((network, at) => at === 0 || follows(network, list[at - 1] ?? network))).toBe(true)
      }),
      runs,
    )
    expect(
      ['203.0.113.7', '::1', '::ffff:10.0.0.0/104', '0.0.0.0/0', '2001:DB8:0:0::/32']
        .map(parseNetwork)
        .map(formatNetwork),
    ).toEqual(['203.0.113.7/32', '::1/128', '10.0.0.0/8', '0.0.0.0/0', '2001:db8::/32'])
  })

  it.each([
    ['10.1.2.3/8', 'has bits beyond its length: write 10.0.0.0/8'],
    ['2001:db8::1/32', 'has bits beyond its length: write 2001:db8::/32'],
    ['', 'is not a network'],
    ['example.com', 'is not a network'],
    ['10.0.0.0/33', 'is not a network'],
    ['10.0.0.0/08', 'is not a network'],
    ['10.0.0.0/-1', 'is not a network'],
    ['10.0.0.0/', 'is not a network'],
    ['10.0.0.0/8/8', 'is not a network'],
    ['::/129', 'is not a network'],
    ['::ffff:0:0/95', 'is not a network'],
    ['fe80::1%eth0/64', 'is not a network'],
  ])('%j is refused: %s', (text, reason) => {
    expect(caught(() => parseNetwork(text))).toMatchObject({ code: 'bad-argument' })
    expect(caught(() => parseNetwork(text)).message).toContain(reason)
  })

  it('of two lists have in common what lies in both', () => {
    fc.assert(
      fc.property(networks, networks, address, ({ networks: some }, { networks: others }, text) => {
        const bytes = parseAddress(text) ?? new Uint8Array(0)
        const isIn = (list: typeof some) => list.some((network) => holds(network, bytes))
        const common = intersect(some, others)
        expect(isIn(common)).toBe(isIn(some) && isIn(others))
        expect(arrange(common)).toEqual(common)
      }),
      runs,
    )
  })
})
