import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { advances, relyingPartyOf, userHandleOf } from './passkey.ts'

describe('the relying party', () => {
  it.each([
    ['https://hallpass.example.com', 'hallpass.example.com', 'https://hallpass.example.com'],
    ['https://hallpass.example.com:8443', 'hallpass.example.com', 'https://hallpass.example.com:8443'],
    ['http://localhost:4280', 'localhost', 'http://localhost:4280'],
    ['http://hallpass.localhost', 'hallpass.localhost', 'http://hallpass.localhost'],
  ])('at %s is %s', (url, id, origin) => {
    expect(relyingPartyOf(url)).toEqual({ id, origin })
  })

  it.each([
    'http://127.0.0.1:4280',
    'https://127.0.0.1',
    'https://[::1]:4280',
    'https://10.0.0.1',
    'http://hallpass.lan',
    '',
  ])('is undefined at %s, because browsers offer no passkeys there', (url) => {
    expect(relyingPartyOf(url)).toBeUndefined()
  })
})

it('a signature count increases, or stays 0', () => {
  const count = fc.nat({ max: 2 ** 32 - 1 })
  fc.assert(
    fc.property(count, count, (stored, seen) => {
      expect(advances(stored, seen)).toBe(seen > stored || (seen === 0 && stored === 0))
    }),
  )
  expect([advances(0, 0), advances(0, 1), advances(1, 1), advances(5, 0), advances(5, 4)]).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
})

it('the user handle is 32 bytes, always the same, and different for each user', () => {
  const user = fc.record({
    id: fc.nat(),
    email: fc.emailAddress(),
    createdAt: fc.nat(),
    emailProvenAt: fc.option(fc.nat()),
  })
  fc.assert(
    fc.property(user, user, (one, other) => {
      const handle = Buffer.from(userHandleOf(one)).toString('hex')
      expect(handle).toMatch(/^[0-9a-f]{64}$/)
      expect(Buffer.from(userHandleOf({ ...one, email: other.email })).toString('hex')).toBe(handle)
      const same = one.id === other.id && one.createdAt === other.createdAt
      expect(Buffer.from(userHandleOf(other)).toString('hex') === handle).toBe(same)
    }),
  )
})
