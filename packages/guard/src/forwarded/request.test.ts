import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { ForwardedError, readForwarded, type OwnLine } from './request.ts'

const good = {
  'X-Forwarded-Method': 'GET',
  'X-Forwarded-Uri': '/apps/web?x=1',
  'X-Forwarded-Host': 'Web.Example.com:8443',
}
const flat = (headers: Readonly<Record<string, string>>) => Object.entries(headers).flat()
function reasonOf(headers: readonly string[], own?: OwnLine): string {
  try {
    readForwarded(headers, own)
  } catch (error) {
    if (error instanceof ForwardedError) return error.reason
    throw error
  }
  return 'clear'
}

const apps = [
  { text: 'apps', isEncoded: false },
  { text: 'web', isEncoded: false },
]

test('is read from the headers of Traefik and Caddy, from those of nginx, and from the line of Envoy', () => {
  const read = { method: 'GET', host: 'web.example.com', path: apps, sentPath: '/apps/web' }
  expect(readForwarded(flat(good))).toEqual(read)
  const original = { 'x-original-method': 'GET', 'x-original-uri': '/apps/web', 'x-original-host': 'web.example.com' }
  expect(readForwarded(flat(original))).toEqual(read)
  expect(readForwarded([], { method: 'GET', target: '/apps/web', host: 'web.example.com' })).toEqual(read)
  expect(readForwarded(flat({ ...good, 'X-Original-URI': '/apps/web?x=1' }))).toEqual(read)
  const { 'X-Forwarded-Host': _, ...hostless } = good
  expect(readForwarded(flat(hostless))).toEqual({ ...read, host: undefined })
  expect(readForwarded(flat({ ...good, 'X-Forwarded-Host': '[2001:DB8::1]:80' })).host).toBe('[2001:db8::1]')
})

describe('is refused', () => {
  const rows: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
    [{}, 'missing'],
    [{ 'x-forwarded-method': 'GET' }, 'missing'],
    [{ 'x-forwarded-uri': '/' }, 'missing'],
    [{ ...good, 'x-original-uri': '/apps/other' }, 'unclear'],
    [{ ...good, 'x-original-method': 'POST' }, 'unclear'],
    [{ ...good, 'x-original-host': 'other.example.com' }, 'unclear'],
    [{ ...good, 'X-HTTP-Method-Override': 'GET' }, 'unclear'],
    [{ ...good, 'x-method-override': 'DELETE' }, 'unclear'],
    [{ ...good, 'x-original-url': '/admin' }, 'unclear'],
    [{ ...good, 'X-Rewrite-URL': '/admin' }, 'unclear'],
    [{ ...good, X_HTTP_Method_Override: 'GET' }, 'unclear'],
    [{ ...good, 'x.rewrite.url': '/' }, 'unclear'],
    [{ ...good, hallpass_token: 'x' }, 'unclear'],
    [{ ...good, 'Hallpass.Organization': 'x' }, 'unclear'],
    [{ ...good, "hallpass'app": 'x' }, 'unclear'],
    [{ ...good, 'Hallpass-Token': 'x', 'hallpass-assertion': 'x', hallpassage: 'x' }, 'clear'],
    [{ ...good, 'X-Forwarded-Method': 'get' }, 'unclear'],
    [{ ...good, 'X-Forwarded-Method': 'GET, POST' }, 'unclear'],
    [{ ...good, 'X-Forwarded-Method': '' }, 'unclear'],
    [{ ...good, 'X-Forwarded-Uri': '' }, 'unclear'],
    [{ ...good, 'X-Forwarded-Uri': 'http://web.example.com/apps/web' }, 'unclear'],
    ...[
      'a.example.com.',
      'a..com',
      'a,b',
      'a:b',
      'a:123456',
      'a@b',
      'a b',
      '',
      '.',
      'a_b',
      '*.a',
      'é.com',
      'a/b',
      '[::1',
    ].map((host) => [{ ...good, 'X-Forwarded-Host': host }, 'unclear'] as const),
  ]
  test.each(rows)('%j', (headers, reason) => {
    expect(reasonOf(flat(headers))).toBe(reason)
  })

  test('what is there twice, or differs from the line', () => {
    for (const name of ['x-forwarded-method', 'X-FORWARDED-URI', 'x-forwarded-host']) {
      const value = Object.entries(good).find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1] ?? ''
      expect(reasonOf([...flat(good), name, value])).toBe('unclear')
    }
    const own = { method: 'GET', target: '/apps/web?x=1', host: 'web.example.com:8443' }
    expect(reasonOf(flat(good), own)).toBe('clear')
    for (const other of [{ method: 'POST' }, { target: '/' }, { host: 'other' }]) {
      expect(reasonOf(flat(good), { ...own, ...other })).toBe('unclear')
    }
  })

  test('without a word of what was sent', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(good)), fc.string({ minLength: 4 }), (name, value) => {
        const secret = `s3cret${value}`
        try {
          readForwarded(flat({ ...good, [name]: secret, 'x-original-method': secret }))
        } catch (error) {
          expect(String(error)).not.toContain('s3cret')
        }
      }),
    )
  })
})
