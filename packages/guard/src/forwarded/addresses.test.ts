import { isIPv4 } from 'node:net'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { findClient, readAddress, readProxies, siteOf } from './addresses.ts'

test.each([
  ['203.0.113.1', '203.0.113.1'],
  [' 203.0.113.1:5001 ', '203.0.113.1'],
  ['"203.0.113.1:5001"', '203.0.113.1'],
  ['[2001:DB8:0::1]:5001', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['', undefined],
  ['unknown', undefined],
  ['10.0.0', undefined],
  ['2001:db8::1:5001:', undefined],
])('%j is the address %j', (text, address) => expect(readAddress(text)).toBe(address))

test('four numbers are an address as for Node.js, mapped or not', () => {
  const part = fc.oneof(fc.nat(300).map(String), fc.constantFrom('00', '01', '256', '', '1 ', '1e1'))
  const text = fc.array(part, { minLength: 3, maxLength: 5 }).map((parts) => parts.join('.'))
  fc.assert(
    fc.property(text, (four) => {
      const expected = isIPv4(four.trim()) ? four.trim() : undefined
      expect([readAddress(four), readAddress(`::ffff:${four}`)]).toEqual([expected, expected])
    }),
  )
})

test.each([
  ['of the connection, where nobody is trusted', '192.0.2.1', '203.0.113.9', '192.0.2.1', false],
  ['of the connection, where its other end is not trusted', '192.0.2.1', '203.0.113.9', '192.0.2.1', false],
  ['that a trusted proxy reports', '::ffff:127.0.0.1', '203.0.113.9', '203.0.113.9', true],
  [
    'nearest to the proxies, whatever is claimed before it',
    '127.0.0.1',
    '1.1.1.1, 203.0.113.9, 10.0.0.1',
    '203.0.113.9',
    true,
  ],
  ['farthest of the proxies', '127.0.0.1', '10.0.0.2,10.0.0.1', '10.0.0.2', true],
  ['of the proxy, where it reports none', '127.0.0.1', ' ,', '127.0.0.1', false],
  ['that the last one reports, where others leave it out', '127.0.0.1', '203.0.113.9,, 10.0.0.1,', '203.0.113.9', true],
  ['of nobody, where what is reported is none', '127.0.0.1', '203.0.113.9, unknown', undefined, false],
])('the client has the address %s', (_, socket, reported, address, isReported) => {
  const trusts = readProxies(['127.0.0.1', '10.0.0.0/8'])
  expect(findClient(socket, reported, trusts)).toEqual({ address, isReported })
})

test('a network is one whatever stands beyond its length, and a mapped one is of IPv4', () => {
  const trusts = readProxies(['10.0.0.1/8', '::ffff:192.0.2.0/120'])
  expect(
    ['10.9.9.9', '192.0.2.7', '::ffff:192.0.2.7', '192.0.3.1', '11.0.0.1', ''].map((each) => trusts?.(each)),
  ).toEqual([true, true, true, false, false, false])
  expect(readProxies(['10.0.0.1', 'proxy'])).toBeUndefined()
})

test('a site is an IPv4 address, or what one holder has of IPv6', () => {
  const isSame = (one: string, other: string) => siteOf(one) === siteOf(other)
  expect(isSame('192.0.2.1', '::ffff:192.0.2.1')).toBe(true)
  expect(isSame('192.0.2.1', '192.0.2.2')).toBe(false)
  expect(isSame('2001:db8:1:2::3', '2001:db8:1:ffff::4%eth0')).toBe(true)
  expect(isSame('2001:db8:1::3', '2001:db8:2::3')).toBe(false)
  expect(siteOf('unknown')).toBeUndefined()
})
