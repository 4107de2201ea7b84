// Conformance: transactions, durability, and closing.
import { describe, expect, test } from 'vitest'

import type { Store, Transaction } from '../../domain/store.ts'
import type { CreateDatabase } from './test-database.ts'
import { createToken, insertApp, insertMember, insertOrganisation, insertUser, recordOf, unique } from './seed.ts'

export function describeTransactions(getStore: () => Store, create: CreateDatabase): void {
  describe('transactions', () => {
    test('read what they wrote, and return what the work returned', async () => {
      const name = unique('setting')
      const value = await getStore().write(async (tx) => {
        await tx.settings.set(name, 'mine')
        return tx.settings.get(name)
      })
      expect(value).toBe('mine')
      expect(await getStore().write(async () => 'untouched')).toBe('untouched')
      expect(await getStore().read(async () => 'untouched')).toBe('untouched')
    })

    test('that throw undo everything, and rethrow', async () => {
      const name = unique('setting')
      const error = new Error('no')
      const failed = getStore().write(async (tx) => {
        await tx.settings.set(name, 'mine')
        throw error
      })
      await expect(failed).rejects.toBe(error)
      expect(await getStore().read((tx) => tx.settings.get(name))).toBeUndefined()

      const throwAtOnce = (): Promise<never> => {
        throw error
      }
      await expect(getStore().write(throwAtOnce)).rejects.toBe(error)
      await expect(getStore().read(throwAtOnce)).rejects.toBe(error)
      expect(await getStore().read((tx) => tx.settings.get(name))).toBeUndefined()
    })

    test('that read see one snapshot, even if a write commits meanwhile', async () => {
      const name = unique('setting')
      await getStore().write((tx) => tx.settings.set(name, 'before'))
      let runs = 0
      const seen = await getStore().read(async (tx) => {
        runs += 1
        const first = await tx.settings.get(name)
        // Only a test may wait for something else in a transaction.
        await getStore().write((other) => other.settings.set(name, 'after'))
        return [first, await tx.settings.get(name)]
      })
      expect(seen).toEqual(runs === 1 ? ['before', 'before'] : ['after', 'after'])
      expect(await getStore().read((tx) => tx.settings.get(name))).toBe('after')
    })

    test('that read come to an end, even if each run finds something new', async () => {
      const name = unique('setting')
      await getStore().write((tx) => tx.settings.set(name, 'before'))
      let runs = 0
      const [first, last] = await getStore().read(async (tx) => {
        runs += 1
        const found = await tx.settings.get(name)
        const next = `after ${runs}`
        await getStore().write((other) => other.settings.set(name, next))
        return [found, await tx.settings.get(name)]
      })
      expect(last).toBe(first)
      expect(runs).toBeLessThanOrEqual(3)
    })

    test('that only read refuse to write', async () => {
      const name = unique('setting')
      const written = getStore().read((tx) => (tx as Transaction).settings.set(name, 'x'))
      await expect(written).rejects.toThrow()
      expect(await getStore().read((tx) => tx.settings.get(name))).toBeUndefined()
    })

    test('that wait for something else delay others, and do no other harm', async () => {
      const name = unique('setting')
      const [begun, foreign] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const slow = getStore().write(async (tx) => {
        await tx.settings.set(name, 'slow')
        begun.resolve()
        await foreign.promise
        return tx.settings.get(name)
      })
      await begun.promise
      const fast = getStore().write((tx) => tx.settings.set(unique('setting'), 'fast'))
      const slowRead = getStore().read(async (tx) => {
        await foreign.promise
        return (await tx.settings.get(name)) ?? 'nothing yet'
      })
      await new Promise(setImmediate)
      foreign.resolve()
      expect(await slow).toBe('slow')
      await fast
      expect(['nothing yet', 'slow']).toContain(await slowRead)
    })

    test('refuse queries after their end', async () => {
      const kept: Transaction[] = []
      await getStore().write(async (tx) => {
        kept.push(tx)
      })
      const late = Promise.all(kept.map((tx) => tx.settings.set(unique('setting'), 'late')))
      await expect(late).rejects.toThrow('after the end of its transaction')
    })

    test('accept several queries at the same time', async () => {
      const [first, second] = [unique('setting'), unique('setting')] as const
      const values = await getStore().write(async (tx) => {
        await Promise.all([tx.settings.set(first, '1'), tx.settings.set(second, '2')])
        return Promise.all([tx.settings.get(first), tx.settings.get(second)])
      })
      expect(values).toEqual(['1', '2'])
    })
  })

  describe('racing writes', () => {
    test('for one app name: exactly one wins', async () => {
      const name = unique('app')
      const organisation = await getStore().write((tx) => insertOrganisation(tx))
      const racers = Array.from({ length: 8 }, () => getStore().write((tx) => insertApp(tx, organisation.id, { name })))
      const results = await Promise.allSettled(racers)
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const result of results) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'name_taken' })
      }
      expect(await getStore().read((tx) => tx.organisations.countUpTo(organisation.id, 'apps', 9, 0))).toBe(1)
    })

    test('that check for the last admin first leave one admin', async () => {
      const { organisation, admins } = await getStore().write(async (tx) => {
        const { user, organisation: shared } = await insertMember(tx, 'admin')
        const other = await insertUser(tx)
        await tx.memberships.insert({ organisationId: shared.id, userId: other.id, role: 'admin', createdAt: 1 })
        return { organisation: shared, admins: [user.id, other.id] }
      })
      const stepDown = (userId: number): Promise<boolean> =>
        getStore().write(async (tx) => {
          if (!(await tx.memberships.hasOtherAdmin(organisation.id, userId))) return false
          await tx.memberships.setRole(organisation.id, userId, 'member')
          return true
        })
      const stepped = await Promise.all(admins.map(stepDown))
      expect(stepped.filter((done) => done)).toHaveLength(1)
      const left = await getStore().read((tx) =>
        Promise.all(admins.map((userId) => tx.memberships.hasOtherAdmin(organisation.id, userId))),
      )
      expect(new Set(left)).toEqual(new Set([false, true]))
    })

    test('that increase a number lose no increase', async () => {
      const name = unique('setting')
      await getStore().write((tx) => tx.settings.set(name, '0'))
      const increment = (): Promise<void> =>
        getStore().write(async (tx) => tx.settings.set(name, String(Number(await tx.settings.get(name)) + 1)))
      await Promise.all(Array.from({ length: 10 }, increment))
      expect(await getStore().read((tx) => tx.settings.get(name))).toBe('10')
    })

    test('that fail do not fail others', async () => {
      const names = Array.from({ length: 20 }, () => unique('setting'))
      const results = await Promise.allSettled(
        names.map((name, index) =>
          getStore().write(async (tx) => {
            await tx.settings.set(name, 'x')
            if (index % 3 === 0) throw new Error(`not ${index}`)
          }),
        ),
      )
      expect(results.map(({ status }) => status === 'rejected')).toEqual(names.map((_, index) => index % 3 === 0))
      const stored = await getStore().read((tx) => Promise.all(names.map((name) => tx.settings.get(name))))
      expect(stored.map((value) => value === undefined)).toEqual(names.map((_, index) => index % 3 === 0))
    })
  })

  test('written data is there after the store was closed and opened again', async () => {
    const database = await create()
    const first = await database.open()
    const token = await first.write(async (tx) => {
      const record = createToken((await insertOrganisation(tx)).id)
      await tx.tokens.insert(record)
      return record
    })
    await first.close()
    const second = await database.open()
    expect(await second.read((tx) => tx.tokens.byId(token.id))).toEqual(recordOf(token))
    await second.close()
    await database.remove()
  })

  test('a store that closes finishes the transactions that have begun, and refuses others', async () => {
    const database = await create()
    const store = await database.open()
    const names = Array.from({ length: 5 }, () => unique('setting'))
    const begun = names.map((name) => store.write((tx) => tx.settings.set(name, 'x')))
    const reading = store.read((tx) => tx.users.exist())
    const closing = store.close()
    // An expected refusal, because requests may outlast a stop.
    const closed = { code: 'unavailable', message: expect.stringContaining('closed') as string }
    await expect(store.write(insertUser)).rejects.toMatchObject(closed)
    await expect(store.read((tx) => tx.users.exist())).rejects.toMatchObject(closed)
    expect(await store.health().catch((error: unknown) => error)).toMatchObject({ reason: 'closed' })
    await Promise.all([...begun, closing, store.close()])
    expect(await reading).toBe(false)

    const again = await database.open()
    await expect.poll(() => again.health()).toBeUndefined()
    for (const name of names) expect(await again.read((tx) => tx.settings.get(name))).toBe('x')
    await again.close()
    await database.remove()
  })
}
