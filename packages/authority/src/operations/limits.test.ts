import { describe, expect, it } from 'vitest'

import { createDenialLimit, createSignInLimit } from './limits.ts'

describe('the sign-in limit', () => {
  it('lets ten failures a minute pass, then names the seconds to wait, for this key alone', () => {
    const limit = createSignInLimit()
    for (let failure = 0; failure < 10; failure += 1) {
      expect(limit.secondsToWait('ada', 1000)).toBe(0)
      limit.recordFailure('ada', 1000)
    }
    expect(limit.secondsToWait('ada', 31_000)).toBe(30)
    expect(limit.secondsToWait('bob', 31_000)).toBe(0)
    expect(limit.secondsToWait('ada', 61_000)).toBe(0)
  })

  it('forgets the eldest keys rather than grow without end', () => {
    const limit = createSignInLimit()
    for (let failure = 0; failure < 10; failure += 1) limit.recordFailure('first', 0)
    for (let key = 0; key < 10_000; key += 1) limit.recordFailure(`other ${key}`, 0)
    expect(limit.secondsToWait('first', 1)).toBe(0)
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
