import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { describeForeign, isSameOrigin, originOf, type Asked } from './origin.ts'
import { anyText } from '../../../../macaroon/src/testing/any-text.ts'

const asked = (changes: Partial<Asked>): Asked => ({
  headers: {},
  host: '127.0.0.1:4280',
  protocol: 'http',
  throughProxy: false,
  ...changes,
})
const publicOrigin = 'https://hallpass.example.com'

describe('the origin of our pages', () => {
  it.each([
    ['127.0.0.1:4280', 'http://127.0.0.1:4280'],
    ['[::1]:4280', 'http://[::1]:4280'],
    ['localhost:4280', 'http://localhost:4280'],
    ['192.168.1.5', 'http://192.168.1.5'],
    ['LOCALHOST:80', 'http://localhost'],
    ['hallpass.example.com', undefined],
    ['localhost.evil.example:4280', undefined],
    ['127.0.0.1.evil.example', undefined],
    ['user@127.0.0.1:4280', undefined],
    ['', undefined],
    ['127.0.0.1:99999', undefined],
  ])('at %j, where none is configured, is %s', (host, origin) => {
    expect(originOf(asked({ host }), undefined)).toBe(origin)
  })

  it('is the configured one for any IP address, and for no other name', () => {
    for (const host of ['hallpass.example.com', 'Hallpass.Example.com:443', '127.0.0.1:4280', 'localhost:4280']) {
      expect(originOf(asked({ host }), publicOrigin), host).toBe(publicOrigin)
    }
    for (const host of ['evil.example', 'hallpass.example.com:8443', 'hallpass.example.com.evil.example', '']) {
      expect(originOf(asked({ host }), publicOrigin), host).toBeUndefined()
    }
    // A proxy may use its own name for us.
    expect(originOf(asked({ host: 'upstream', throughProxy: true }), publicOrigin)).toBe(publicOrigin)
    expect(originOf(asked({ host: 'upstream', throughProxy: true }), undefined)).toBeUndefined()
  })

  it('is https if a proxy says so', () => {
    expect(originOf(asked({ protocol: 'https' }), undefined)).toBe('https://127.0.0.1:4280')
    expect(originOf(asked({ protocol: 'gopher' }), undefined)).toBe('http://127.0.0.1:4280')
  })
})

describe('a request', () => {
  const host = 'hallpass.example.com'

  it('of our own page is recognized by any of three headers', () => {
    for (const headers of [
      { 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'same-origin', origin: publicOrigin },
      { origin: publicOrigin },
      { referer: `${publicOrigin}/dashboard/acme/tokens` },
    ]) {
      expect(isSameOrigin(asked({ host, headers }), publicOrigin), JSON.stringify(headers)).toBe(true)
    }
  })

  it('is foreign if one of them is, whatever the others say', () => {
    const something = anyText()
    const origin = something.filter((text) => text !== publicOrigin)
    const site = something.filter((text) => text !== 'same-origin')
    fc.assert(
      fc.property(origin, site, something, (wrongOrigin, wrongSite, referer) => {
        const own = { origin: publicOrigin, 'sec-fetch-site': 'same-origin', referer: `${publicOrigin}/` }
        expect(isSameOrigin(asked({ host, headers: { ...own, origin: wrongOrigin } }), publicOrigin)).toBe(false)
        expect(isSameOrigin(asked({ host, headers: { ...own, 'sec-fetch-site': wrongSite } }), publicOrigin)).toBe(
          false,
        )
        const alone = isSameOrigin(asked({ host, headers: { referer } }), publicOrigin)
        expect(alone).toBe(URL.parse(referer)?.origin === publicOrigin)
      }),
      { examples: [['null', 'same-site', `${publicOrigin}.evil.example/`]] },
    )
  })

  it('is foreign at any name but ours', () => {
    const headers = { 'sec-fetch-site': 'same-origin' }
    fc.assert(
      fc.property(fc.domain(), (name) => {
        expect(isSameOrigin(asked({ host: name, headers }), publicOrigin)).toBe(name === host)
        expect(isSameOrigin(asked({ host: name, headers }), undefined)).toBe(false)
      }),
    )
  })
})

describe('the error for a foreign page', () => {
  it('names the setting that is missing, and not the one that is set', () => {
    const origin = publicOrigin
    expect(describeForeign(asked({ headers: { origin }, host: 'hallpass.example.com' }), undefined)).toMatch(
      /--public-url/,
    )
    // A proxy that is not named in the settings and does not pass on the host.
    const renamed = describeForeign(asked({ headers: { origin }, host: 'upstream' }), publicOrigin)
    expect(renamed).toMatch(/--trusted-proxies/)
    expect(renamed).not.toMatch(/--public-url/)
    const elsewhere = asked({ headers: { origin: 'https://elsewhere.example' }, host: 'hallpass.example.com' })
    expect(describeForeign(elsewhere, publicOrigin)).toBe(`only a page at ${publicOrigin} may ask for this`)
  })
})
