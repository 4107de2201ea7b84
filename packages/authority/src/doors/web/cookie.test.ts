import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { cookieName, readCookie, writeCookie } from './cookie.ts'

describe('the cookie', () => {
  it('is bound to the host over TLS, and read by no script', () => {
    expect(writeCookie(cookieName(true), 'fo1_x', { secure: true, maxAge: 60 })).toBe(
      '__Host-hallpass=fo1_x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure',
    )
    expect(writeCookie(cookieName(false), '', { secure: false, maxAge: 0 })).toBe(
      'hallpass=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax',
    )
  })

  it('is found among others', () => {
    const token = fc.stringMatching(/^[\w-]{0,50}$/)
    const others = fc.array(
      fc.stringMatching(/^[a-z]{1,8}=[^;]{0,20}$/).filter((pair) => !pair.startsWith('hallpass=')),
    )
    fc.assert(
      fc.property(others, token, others, (before, value, after) => {
        expect(readCookie([...before, `hallpass=${value}`, ...after].join('; '), 'hallpass')).toBe(value)
        expect(readCookie([...before, ...after].join(';'), 'hallpass')).toBeUndefined()
      }),
    )
  })

  it('is ignored if there are two', () => {
    expect(readCookie('hallpass=fo1_a; hallpass=fo1_b', 'hallpass')).toBeUndefined()
    expect(readCookie(undefined, 'hallpass')).toBeUndefined()
    expect(readCookie(`${'a=b;'.repeat(299)} hallpass=fo1_a`, 'hallpass')).toBe('fo1_a')
    expect(readCookie(`${'a=b;'.repeat(300)} hallpass=fo1_a`, 'hallpass')).toBeUndefined()
    expect(readCookie('xhallpass=fo1_a; hallpassx=fo1_b; hallpass', 'hallpass')).toBeUndefined()
  })
})
