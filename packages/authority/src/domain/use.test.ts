import fc from 'fast-check'
import { expect, test } from 'vitest'

import { mergeAddresses, mergeUses, mostAddresses, type TokenUse, type UsedFrom } from './use.ts'

const from: fc.Arbitrary<UsedFrom> = fc.record({
  address: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
  at: fc.nat(20),
})

const use: fc.Arbitrary<TokenUse> = fc
  .record({
    all: fc.array(from, { minLength: 1, maxLength: 9 }),
    operation: fc.constantFrom('app.list', 'app.show'),
    userAgent: fc.constantFrom('curl', 'Go'),
  })
  .map(({ all, operation, userAgent }) => {
    const usedFrom = mergeAddresses(all) ?? [{ address: '', at: 0 }]
    return { at: usedFrom[0].at, operation, userAgent, usedFrom }
  })

test('the last five addresses are kept, each once and with its last time, the last one first', () => {
  fc.assert(
    fc.property(fc.array(from, { minLength: 1 }), (all) => {
      const merged = mergeAddresses(all) ?? []
      expect(merged.length).toBe(Math.min(mostAddresses, new Set(all.map(({ address }) => address)).size))
      for (const [at, kept] of merged.entries()) {
        expect(kept.at).toBe(Math.max(...all.filter(({ address }) => address === kept.address).map((each) => each.at)))
        expect(kept.at).toBeLessThanOrEqual(merged[at - 1]?.at ?? Infinity)
      }
      const dropped = all.filter(({ address }) => merged.every((kept) => kept.address !== address))
      for (const { at } of dropped) expect(at).toBeLessThanOrEqual(merged.at(-1)?.at ?? 0)
    }),
  )
  expect(mergeAddresses([])).toBeUndefined()
})

test('however uses are merged, in any order and again, the result is the same', () => {
  fc.assert(
    fc.property(use, use, use, (a, b, c) => {
      const merged = mergeUses(mergeUses(a, b), c)
      expect(mergeUses(a, mergeUses(b, c))).toEqual(merged)
      expect(mergeUses(c, mergeUses(b, a))).toEqual(merged)
      expect(mergeUses(merged, b)).toEqual(merged)
      expect(merged.at).toBe(merged.usedFrom[0].at)
    }),
  )
})
