// Conformance: what people were told of the ends of tokens, and what they are told next.
import { describe, expect, test } from 'vitest'

import { day, firstEndPlace, mostItems, type EndPlace, type EndSpan } from '../../domain/notice.ts'
import type { Store } from '../../domain/store.ts'
import type { EndingToken } from '../../domain/store/notices.ts'
import type { NewToken } from '../../domain/token.ts'
import { createToken, insertOrganisation, insertUser, unique } from './seed.ts'

export function describeNotices(getStore: () => Store): void {
  describe('notices', () => {
    test('tokens come by organisation in the order of their ends, however many end at once; not those that nobody waits for', async () => {
      // A time of this test alone: tokens of all organisations are found.
      const from = 10_000_000_000_000
      const inserted = await insert(getStore(), [
        ...Array.from({ length: 7 }, () => ({ expiresAt: from + 5 })),
        { expiresAt: from + 9 },
        { expiresAt: from + 3 },
        { expiresAt: from + 4, revokedAt: 7, revokedBy: 'ada' },
        { expiresAt: from + 4, successorId: crypto.randomUUID() },
        { expiresAt: from + 4, machineId: unique('machine') },
        { expiresAt: from + 11 },
        { expiresAt: from },
      ])
      const others = await insert(getStore(), [{ expiresAt: from + 10 }, { expiresAt: from + 1 }])
      await insert(getStore(), [{ expiresAt: from + 11 }])
      const expected = [inserted.slice(0, 9), others].flatMap((tokens) =>
        tokens.toSorted((a, b) => a.expiresAt - b.expiresAt || (a.id < b.id ? -1 : 1)).map(({ id }) => id),
      )
      for (const limit of [1, 2, 9, 100]) {
        expect((await endingIn({ from, until: from + 10 }, limit)).map(({ record }) => record.id)).toEqual(expected)
      }
    })

    async function endingIn(span: EndSpan, limit = 100, first = firstEndPlace): Promise<readonly EndingToken[]> {
      const found: EndingToken[] = []
      for (let place: EndPlace | undefined = first; place !== undefined;) {
        const here: EndPlace = place
        const { tokens, next } = await getStore().read((tx) => tx.notices.ending(here, span, limit))
        expect(tokens.length).toBeLessThanOrEqual(limit)
        found.push(...tokens)
        place = next
      }
      return found
    }

    test('a notice stands beside the token, and goes with it', async () => {
      const from = 20_000_000_000_000
      const [token] = await insert(getStore(), [{ expiresAt: from + 1 }])
      if (token === undefined) throw new Error('no token')
      // Of an organisation that is deleted in between.
      const place = { ...firstEndPlace, organisationId: token.organisationId }
      const noticed = async () => (await endingIn({ from, until: from + 1 }, 9, place)).map((each) => each.noticed)
      expect(await noticed()).toEqual([null])
      await getStore().write((tx) => tx.notices.noteEnd(token.id, 30))
      await getStore().write((tx) => tx.notices.noteLate(token.id, 5))
      await getStore().write((tx) => tx.notices.noteEnd(token.id, 7))
      expect(await noticed()).toEqual([7])
      await getStore().write((tx) => tx.tokens.removeEnded(from + 2, token.organisationId - 1))
      await getStore().write((tx) => tx.tokens.insert(token))
      expect(await noticed()).toEqual([null])
      await getStore().write((tx) => tx.notices.noteEnd(token.id, 1))
      await getStore().write((tx) => tx.organisations.delete(token.organisationId))
      await getStore().write(async (tx) => {
        while (await tx.leftovers.remove());
      })
      await getStore().write((tx) => tx.tokens.insert(token))
      expect(await noticed()).toEqual([null])
    })

    test('a late use is noted once a day, by whoever comes first', async () => {
      const [token] = await insert(getStore(), [{}])
      const note = (at: number) => getStore().write((tx) => tx.notices.noteLate(token?.id ?? '', at))
      const both = await Promise.all([note(50 * day), note(50 * day)])
      expect(both.filter(Boolean)).toHaveLength(1)
      expect(await note(51 * day - 1)).toBe(false)
      expect(await note(51 * day)).toBe(true)
      // A clock that was years ahead silences nobody for years.
      expect(await note(5000 * day)).toBe(true)
      expect(await note(52 * day)).toBe(true)
      await getStore().write((tx) => tx.notices.noteEnd(token?.id ?? '', 7))
      expect(await note(52 * day + 1)).toBe(false)
    })

    test('a digest is due at its first item, but not within a day after the last mail', async () => {
      const { id } = await getStore().write((tx) => insertUser(tx))
      const to = { userId: id, kind: 'end' } as const
      const add = (count: number, now: number, dueAt: number) => {
        const items = Array.from({ length: count }, (_, at) => ({ tokenId: `${at}` }))
        return getStore().write((tx) => tx.notices.add(to, items, { now, dueAt }))
      }
      const due = async (now: number) => {
        const found = await getStore().read((tx) => tx.notices.due(now))
        return found?.userId === id ? found : undefined
      }
      // So early that nothing of other tests is due before.
      const start = -1000 * day
      await add(1, start, start + 10)
      expect(await due(start + 9)).toBeUndefined()
      await add(30, start, start + 5)
      await add(1, start, start + 20)
      const digest = await due(start + 5)
      expect(digest?.count).toBe(32)
      expect(digest?.items).toHaveLength(mostItems)
      if (digest === undefined) throw new Error('no digest')
      await getStore().write((tx) => tx.notices.told(digest, start + 6))
      await add(1, start + 7, start + 7)
      expect(await due(start + 5 + day)).toBeUndefined()
      expect(await due(start + 6 + day)).toMatchObject({ count: 1 })
      // Told by a clock that was ahead.
      await getStore().write((tx) => tx.notices.told(digest, start + 90 * day))
      await add(2, start + 8, start + 8)
      expect(await due(start + 8 + day)).toMatchObject({ count: 2 })
      // The other kind has a day of its own.
      await getStore().write((tx) =>
        tx.notices.add({ userId: id, kind: 'late' }, [{ tokenId: '1' }], { now: start, dueAt: start }),
      )
      expect(await due(start)).toMatchObject({ kind: 'late', count: 1 })
      await getStore().write((tx) => tx.users.delete(id, 7))
      expect(await due(start + 100 * day)).toBeUndefined()
    })

    test('two who add to a digest at once lose nothing', async () => {
      const { id } = await getStore().write((tx) => insertUser(tx))
      const to = { userId: id, kind: 'late' } as const
      const times = { now: -2000 * day, dueAt: -2000 * day }
      await Promise.all(
        Array.from({ length: 6 }, (_, at) =>
          getStore().write((tx) => tx.notices.add(to, [{ tokenId: `${at}` }], times)),
        ),
      )
      const digest = await getStore().read((tx) => tx.notices.due(-2000 * day))
      expect(digest).toMatchObject({ userId: id, count: 6 })
      if (digest !== undefined) await getStore().write((tx) => tx.notices.forget(digest))
      expect((await getStore().read((tx) => tx.notices.due(-2000 * day)))?.userId).not.toBe(id)
    })
  })
}

function insert(store: Store, changes: readonly Partial<NewToken>[]): Promise<readonly NewToken[]> {
  return store.write(async (tx) => {
    const { id } = await insertOrganisation(tx)
    const all = changes.map((change) => createToken(id, change))
    for (const token of all) await tx.tokens.insert(token)
    return all
  })
}
