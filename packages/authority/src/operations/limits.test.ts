import { describe, expect, it } from 'vitest'

import { createDenialLimit, createDischargeLimit, createSignInLimit, networkOf } from './limits.ts'

describe('the sign-in limit', () => {
  it('lets ten tries a minute pass, then names the seconds to wait, for this key alone', () => {
    const limit = createSignInLimit()
    const waits = Array.from({ length: 11 }, () => limit.take('ada', 1000))
    expect(waits).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 60])
    expect(limit.take('ada', 31_000)).toBe(30)
    expect(limit.take('bob', 31_000)).toBe(0)
    expect(limit.take('ada', 61_000)).toBe(0)
  })

  it('does not count what succeeds', () => {
    const limit = createSignInLimit()
    for (let login = 0; login < 50; login += 1) {
      expect(limit.take('ada', 1000)).toBe(0)
      limit.forgive('ada')
    }
  })

  it('forgets the eldest keys rather than grow without end', () => {
    const limit = createSignInLimit()
    for (let guess = 0; guess < 10; guess += 1) limit.take('first', 0)
    for (let key = 0; key < 10_000; key += 1) limit.take(`other ${key}`, 0)
    expect(limit.take('first', 1)).toBe(0)
  })
})

describe('the network of an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['2001:db8:0:0:1::', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['', ''],
  ])('%s is of %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })
})

describe('the denial limit', () => {
  it('takes thirty at once, then one a second', () => {
    const limit = createDenialLimit()
    const taken = Array.from({ length: 40 }, () => limit.take('token 1', 0)).filter(Boolean)
    expect(taken).toHaveLength(30)
    expect(limit.take('token 1', 500)).toBe(false)
    expect(limit.take('token 1', 1600)).toBe(true)
    expect(limit.take('token 1', 1700)).toBe(false)
    expect(limit.take('token 2', 1700)).toBe(true)
  })
})

describe('the discharge limit', () => {
  it('takes six hundred at once, then ten a second, for each token', () => {
    const limit = createDischargeLimit()
    const taken = Array.from({ length: 700 }, () => limit.take('token 1', 0)).filter(Boolean)
    expect(taken).toHaveLength(600)
    expect(Array.from({ length: 20 }, () => limit.take('token 1', 1000)).filter(Boolean)).toHaveLength(10)
    expect(limit.take('token 2', 1000)).toBe(true)
  })
})
