// Conformance: the outbox.
import { beforeEach, describe, expect, test } from 'vitest'

import type { OutboxTask } from '../../domain/outbox.ts'
import type { Store } from '../../domain/store.ts'
import { plain } from './people.ts'
import { insertTask, uniqueBytes } from './seed.ts'

export function describeOutbox(getStore: () => Store): void {
  describe('the outbox', () => {
    const claim = (now: number, until = now + 30) => getStore().write((tx) => tx.outbox.claim(now, until))
    const isDue = (now: number) => getStore().read((tx) => tx.outbox.isDue(now))

    async function claimAll(now: number): Promise<readonly OutboxTask[]> {
      const task = await claim(now)
      return task === undefined ? [] : [task, ...(await claimAll(now))]
    }

    beforeEach(async () => {
      for (const { id } of await claimAll(1e12)) await getStore().write((tx) => tx.outbox.delete(id))
    })

    test('gives each task to one claimer at a time, the longest due task first', async () => {
      const payload = uniqueBytes()
      const [second, first] = await getStore().write(async (tx) => [
        await insertTask(tx, { dueAt: 12 }),
        await insertTask(tx, { payload }),
      ])
      expect(await isDue(9)).toBe(false)
      expect(await claim(9)).toBeUndefined()
      expect(await isDue(10)).toBe(true)
      const expected = { id: first, kind: 'mail', payload, dueAt: 41, expiresAt: 100, tries: 1 }
      expect(plain(await claim(12, 41))).toEqual(plain(expected))
      expect(await claim(12)).toMatchObject({ id: second, tries: 1 })
      expect(await isDue(40)).toBe(false)
      // The first claimer is gone.
      expect(await claim(41)).toMatchObject({ id: first, tries: 2 })
      await getStore().write((tx) => tx.outbox.delete(first))
      expect((await claimAll(99)).map(({ id }) => id)).toEqual([second])
    })

    test('gives a task to only one of many who ask at once', async () => {
      const id = await getStore().write((tx) => insertTask(tx))
      const claimed = await Promise.all(Array.from({ length: 8 }, () => claim(10)))
      expect(claimed.filter((task) => task !== undefined)).toMatchObject([{ id }])
    })

    test('postpones tasks, and removes expired ones', async () => {
      const id = await getStore().write((tx) => insertTask(tx))
      await claim(10)
      await getStore().write((tx) => tx.outbox.postpone(id, 60))
      expect(await isDue(59)).toBe(false)
      expect(await isDue(60)).toBe(true)
      expect(await isDue(100)).toBe(false)
      expect(await claim(100)).toBeUndefined()
      // It is removed, and not only skipped.
      expect(await claim(60)).toBeUndefined()
    })

    test('keeps nothing of a transaction that was rolled back', async () => {
      const undone = getStore().write(async (tx) => {
        await insertTask(tx)
        throw new Error('undone')
      })
      await expect(undone).rejects.toThrow('undone')
      expect(await isDue(10)).toBe(false)
    })
  })
}
