import { describe, expect, it } from 'vitest'

import { checkPublicUrl, checkTrustedProxies } from './config-network.ts'

describe('the public URL', () => {
  it.each([
    ['https://hallpass.example.com', 'https://hallpass.example.com'],
    ['https://HALLPASS.example.com:443/', 'https://hallpass.example.com'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['https://[2001:DB8::1]:8443', 'https://[2001:db8::1]:8443'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
  ])('%s is the origin %s', (text, origin) => {
    expect(checkPublicUrl(text)).toBe(origin)
  })

  it.each([
    '',
    'hallpass.example.com',
    'ftp://hallpass.example.com',
    'javascript:alert(1)',
    'https://',
    'https://user:secret@hallpass.example.com',
    'https://hallpass.example.com/path',
    'https://hallpass.example.com/?secret=1',
    'https://hallpass.example.com/#secret',
  ])('%j is refused by the name of the option, and not repeated', (text) => {
    const start = () => checkPublicUrl(text)
    expect(start).toThrow(/^--public-url /)
    expect(start).toThrow(expect.objectContaining({ code: 'configuration_invalid' }) as Error)
    expect(start).not.toThrow(/secret|example/)
  })
})

describe('trusted proxies', () => {
  it('are addresses and networks of either family, whichever way a socket spells them', () => {
    const trusts = checkTrustedProxies(['10.0.0.0/8', ' 192.0.2.7', '2001:db8::/32', '::1'])
    for (const address of [
      '10.255.0.1',
      '192.0.2.7',
      '::ffff:10.1.2.3',
      '::ffff:192.0.2.7',
      '2001:db8:1::5',
      '::1',
      '192.0.2.7:443',
      '[2001:db8:1::5]:443',
    ]) {
      expect(trusts?.(address), address).toBe(true)
    }
    for (const address of ['11.0.0.1', '192.0.2.8', '::ffff:11.0.0.1', '2001:db9::1', '::2', '', 'unknown', '10.0.0']) {
      expect(trusts?.(address), address).toBe(false)
    }
  })

  it('are undefined if none is named', () => {
    expect(checkTrustedProxies([])).toBeUndefined()
  })

  it.each(['', 'proxy.example.com', '10.0.0.0/33', '2001:db8::/129', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0', '*'])(
    '%j is refused',
    (proxy) => {
      expect(() => checkTrustedProxies(['10.0.0.1', proxy])).toThrow(/^--trusted-proxies /)
    },
  )
})
