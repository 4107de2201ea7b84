import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { loginPath, readReturnPath } from './return-path.ts'
import { anyText } from '../../../macaroon/src/testing/any-text.ts'

describe('the way back', () => {
  it.each([
    '//evil.example',
    '/\\evil.example',
    'https://evil.example/',
    '/\t/evil.example',
    'javascript:alert(1)',
    '',
  ])('does not lead to %j', (path) => {
    expect(readReturnPath(`?return_to=${encodeURIComponent(path)}`)).toBe('/')
  })

  it('leads to where one was', () => {
    const path = '/dashboard/acme/tokens?search=ci&state=all#x'
    expect(readReturnPath(new URL(loginPath(path), 'http://h').search)).toBe(path)
  })

  it('never leaves the origin', () => {
    fc.assert(
      fc.property(anyText(), (path) => {
        const found = readReturnPath(`?return_to=${encodeURIComponent(path.toWellFormed())}`)
        expect(new URL(found, 'http://hallpass.example').origin).toBe('http://hallpass.example')
      }),
    )
  })
})
