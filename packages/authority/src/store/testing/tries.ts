// Conformance: tries count for their time, by key, and are removed when it is over.
import { describe, expect, test } from 'vitest'

import type { Store } from '../../domain/store.ts'
import { uniqueBytes } from './seed.ts'

const minute = 60_000

export function describeTries(getStore: () => Store): void {
  describe('tries', () => {
    const wait = (key: Uint8Array, most: number, span = minute) =>
      getStore().read((tx) => tx.tries.wait({ key, most, span }))

    test('are allowed up to their number, for each key; then until the oldest that counts has ended', async () => {
      const [key, other] = [uniqueBytes(), uniqueBytes()]
      const tries = { key, most: 3, span: minute }
      for (let count = 0; count < 3; count += 1) {
        expect(await wait(key, 3)).toBe(0)
        await getStore().write((tx) => tx.tries.count(tries))
      }
      const left = await wait(key, 3)
      expect(left).toBeGreaterThan(0)
      expect(left).toBeLessThanOrEqual(minute)
      expect(await wait(key, 4)).toBe(0)
      expect(await wait(other, 1)).toBe(0)
      // Which one decides follows from the ends, whatever was counted first.
      await getStore().write((tx) => tx.tries.count({ ...tries, span: minute / 2 }))
      expect(await wait(key, 4)).toBeLessThanOrEqual(minute / 2)
    })

    test('count no more once their time is over, or if it is much later than it can be', async () => {
      const key = uniqueBytes()
      await getStore().write(async (tx) => {
        await tx.tries.count({ key, most: 1, span: -1 })
        await tx.tries.count({ key, most: 1, span: 3 * minute })
      })
      expect(await wait(key, 1)).toBe(0)
    })

    test('that are over are removed in steps, and no others', async () => {
      const [key, kept] = [uniqueBytes(), uniqueBytes()]
      await getStore().write(async (tx) => {
        for (let count = 0; count < 150; count += 1) await tx.tries.count({ key, most: 1, span: -1 })
        await tx.tries.count({ key: kept, most: 1, span: minute })
      })
      expect(await getStore().read((tx) => tx.tries.haveEnded())).toBe(true)
      let steps = 1
      while (await getStore().write((tx) => tx.tries.removeEnded())) steps += 1
      expect(steps).toBeGreaterThanOrEqual(3)
      expect(await getStore().read((tx) => tx.tries.haveEnded())).toBe(false)
      expect(await wait(kept, 1)).toBeGreaterThan(0)
    })

    test('that are counted at the same moment all count', async () => {
      const key = uniqueBytes()
      const tries = { key, most: 20, span: minute }
      await Promise.all(Array.from({ length: 20 }, () => getStore().write((tx) => tx.tries.count(tries))))
      expect(await wait(key, 20)).toBeGreaterThan(0)
      expect(await wait(key, 21)).toBe(0)
    })
  })
}
