import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { VerificationCache } from './verification-cache.ts'

describe('the verification cache', () => {
  it('gives back only what was put in under the same key, and never more than its capacity', () => {
    const commands = fc.array(fc.tuple(fc.constantFrom('get', 'set'), fc.integer({ min: 0, max: 12 })), {
      maxLength: 200,
    })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), commands, (capacity, steps) => {
        const cache = new VerificationCache<number>(capacity, 10)
        const put = new Set<number>()
        for (const [command, key] of steps) {
          if (command === 'set') {
            cache.set(`k${key}`, key)
            put.add(key)
            expect(cache.get(`k${key}`)).toBe(key)
          } else {
            const found = cache.get(`k${key}`)
            expect(found === undefined || (found === key && put.has(key))).toBe(true)
          }
          expect(cache.size).toBeLessThanOrEqual(capacity)
        }
      }),
    )
  })

  it('keeps what is asked for and lets go of what is not', () => {
    const cache = new VerificationCache<string>(2, 10)
    cache.set('asked', 'a')
    cache.set('ignored', 'i')
    cache.get('asked')
    cache.set('new', 'n')
    expect([cache.get('asked'), cache.get('ignored'), cache.get('new')]).toEqual(['a', undefined, 'n'])
  })

  it('does not keep long keys', () => {
    const cache = new VerificationCache<string>(2, 3)
    cache.set('four', 'x')
    expect(cache.get('four')).toBeUndefined()
  })
})
