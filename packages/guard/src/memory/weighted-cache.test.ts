import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { WeightedCache } from './weighted-cache.ts'

describe('the weighted cache', () => {
  it('returns only what was stored under the same key, and never exceeds its capacity', () => {
    const commands = fc.array(
      fc.tuple(
        fc.constantFrom('get', 'set', 'delete'),
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 1, max: 9 }),
      ),
      { maxLength: 200 },
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), commands, (capacity, steps) => {
        const cache = new WeightedCache<number>(capacity)
        const weights = new Map<number, number>()
        for (const [command, key, weight] of steps) {
          const found = cache.get(`k${key}`)
          if (found !== undefined) expect([found, weights.has(key)]).toEqual([key, true])
          if (command === 'delete') {
            cache.delete(`k${key}`)
            expect(cache.get(`k${key}`)).toBeUndefined()
          } else if (command === 'set' && found === undefined) {
            cache.set(`k${key}`, key, weight)
            weights.set(key, weight)
            expect(cache.get(`k${key}`)).toBe(weight > capacity ? undefined : key)
          }
          const kept = [...weights].filter(([each]) => cache.get(`k${each}`) !== undefined)
          expect(cache.weight).toBe(kept.reduce((sum, [, each]) => sum + each, 0))
          expect(cache.weight).toBeLessThanOrEqual(capacity)
        }
      }),
    )
  })

  it('keeps used entries and drops unused ones', () => {
    const cache = new WeightedCache<string>(2)
    cache.set('asked', 'a', 1)
    cache.set('ignored', 'i', 1)
    cache.get('asked')
    cache.set('new', 'n', 1)
    expect([cache.get('asked'), cache.get('ignored'), cache.get('new')]).toEqual(['a', undefined, 'n'])
  })

  it('keeps no entry that exceeds the capacity alone, and drops as many as a new one needs', () => {
    const cache = new WeightedCache<string>(3)
    cache.set('huge', 'h', 4)
    for (const key of ['a', 'b', 'c']) cache.set(key, key, 1)
    cache.set('big', 'b', 3)
    expect(['huge', 'a', 'b', 'c', 'big'].filter((key) => cache.get(key) !== undefined)).toEqual(['big'])
  })
})
