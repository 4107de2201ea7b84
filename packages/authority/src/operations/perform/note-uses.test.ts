import fc from 'fast-check'
import { expect, test } from 'vitest'

import { createUseLog, networkOfAddress } from './note-uses.ts'

test('of an address its network is kept, and of what is no address everything', () => {
  expect(networkOfAddress('203.0.113.77')).toBe('203.0.113.0/24')
  expect(networkOfAddress('2001:db8:1:2:3::4')).toBe('2001:db8:1::/48')
  expect(networkOfAddress('::1')).toBe('0:0:0::/48')
  expect(networkOfAddress('machine 4d89')).toBe('machine 4d89')
  expect(networkOfAddress('')).toBe('')
})

test('addresses of one network are the same, and nothing of the host is left', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.nat(255), (address, host) => {
      const other = address.replace(/\d+$/, String(host))
      expect(networkOfAddress(other)).toBe(networkOfAddress(address))
      expect(networkOfAddress(address)).toMatch(/\.0\/24$/)
    }),
  )
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      expect(networkOfAddress(address)).toMatch(/^[0-9a-f]+:[0-9a-f]+:[0-9a-f]+::\/48$/)
    }),
  )
})

test('a user agent is kept in words or in one line of visible characters', () => {
  const log = createUseLog(0, 'whole')
  const agents = [
    '',
    'curl/8.5',
    'a\u00ad\u0080b',
    'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  ]
  for (const [id, userAgent] of agents.entries()) {
    log.sessions.note(id, { remoteAddress: '::1', userAgent }, 'app.list', 1)
  }
  expect(log.finish(log.take()).logins.map(({ userAgent }) => userAgent)).toEqual([
    '',
    'curl/8.5',
    'a b',
    'Firefox on Linux',
  ])
})
