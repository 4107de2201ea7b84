// Conformance: the feed tells of everything that may end what somebody remembers, in the order of commits.
import { setImmediate as nextTurn } from 'node:timers/promises'

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import type { FeedEvent, FeedPosition, FeedSubject } from '../../domain/feed.ts'
import type { Store } from '../../domain/store.ts'
import { createToken, insertOrganisation } from './seed.ts'
import type { CreateDatabase, TestDatabase } from './test-database.ts'
import { createWorld, lookUp, writes, type Found, type World } from './writes.ts'

export function describeFeed(getStore: () => Store, create: CreateDatabase): void {
  const end = () => getStore().read((tx) => tx.feed.end())
  const after = (position: FeedPosition, limit = 1000) => getStore().read((tx) => tx.feed.after(position, limit))

  describe.each(writes)('the feed after $name', ({ name, write }) => {
    test('has an event for everything remembered that has changed, and no other', async () => {
      const world = await getStore().write(createWorld)
      const [before, position] = [await getStore().read((tx) => lookUp(tx, world)), await end()]
      await getStore().write((tx) => write(tx, world))
      const found = await getStore().read((tx) => lookUp(tx, world))
      const events = (await after(position)) ?? []
      const told = events.map(({ subject }) => subject)
      for (const { subject, isFinal } of events) {
        const isRevoked = async ({ id }: FeedSubject) =>
          typeof id === 'string' && (await getStore().read((tx) => tx.tokens.byId(id)))?.revokedAt !== null
        if (isFinal) expect(await isRevoked(subject)).toBe(true)
      }
      const remembered = ['organisation', 'membership', 'app', 'key', 'token'] as const
      const changed = remembered.filter((part) => JSON.stringify(found[part]) !== JSON.stringify(before[part]))
      if (harmless.has(name)) {
        expect(told).toEqual([])
        return
      }
      for (const part of changed) {
        expect(subjectsOf(world)[part].some((subject) => told.some((each) => isSame(each, subject)))).toBe(true)
      }
      if (changed.length === 0 && !others.has(name)) expect(told).toEqual([])
    })
  })

  test('what is undone is not told', async () => {
    const { token, position } = await plant()
    await getStore()
      .write(async (tx) => {
        await tx.tokens.revoke(token, 5, 'ada')
        throw new Error('undone')
      })
      .catch(() => {})
    expect(await after(position)).toEqual([])
  })

  test('a position that is of no event, or of another time, is not known', async () => {
    const { token, position } = await plant()
    await getStore().write((tx) => tx.tokens.revoke(token, 5, 'ada'))
    expect(await after(position)).toMatchObject([{ subject: { kind: 'token', id: token }, isFinal: true }])
    const last = await end()
    expect(last.id).toBeGreaterThan(position.id)
    expect(await after(last)).toEqual([])
    expect(await after({ id: last.id + 1, at: last.at })).toBeUndefined()
    expect(await after({ id: last.id, at: last.at + 1 })).toBeUndefined()
  })

  async function plant() {
    const id = await getStore().write(async (tx) => {
      const created = createToken((await insertOrganisation(tx)).id)
      await tx.tokens.insert(created)
      return created.id
    })
    return { token: id, position: await end() }
  }

  describe('a feed of its own', () => {
    let database: TestDatabase
    let store: Store
    beforeAll(async () => {
      database = await create()
      store = await database.open()
    })
    afterAll(async () => {
      await store.close()
      await database.remove()
    })

    test('is read from its beginning, in pages, without a gap while others revoke', async () => {
      const tokens = await store.write(async (tx) => {
        const { id } = await insertOrganisation(tx)
        const all = Array.from({ length: 200 }, () => createToken(id))
        for (const token of all) await tx.tokens.insert(token)
        return all.map((token) => token.id)
      })
      expect(await store.read((tx) => tx.feed.after(start, 5))).toEqual([])
      let isOver = false
      const seen: FeedEvent[] = []
      const follow = async () => {
        let position: FeedPosition = start
        for (let isLast = false; !isLast;) {
          // Reads of SQLite leave no turn to others.
          await nextTurn()
          isLast = isOver
          const next = await store.read((tx) => tx.feed.after(position, 7))
          expect(next).toBeDefined()
          seen.push(...(next ?? []))
          position = next?.at(-1) ?? position
          if ((next ?? []).length > 0) isLast = false
        }
      }
      const following = follow()
      await Promise.all(tokens.map((id) => store.write((tx) => tx.tokens.revoke(id, 5, 'ada'))))
      isOver = true
      await following
      expect(seen.map(({ id }) => id)).toEqual(seen.map(({ id }) => id).sort((a, b) => a - b))
      expect(new Set(seen.map(({ subject }) => subject.id))).toEqual(new Set(tokens))
      expect(seen).toHaveLength(tokens.length)
    })

    test('loses its first events by age, and keeps the last; who stands before them must forget everything', async () => {
      const [first] = (await store.read((tx) => tx.feed.after(start, 1))) ?? []
      const last = await store.read((tx) => tx.feed.end())
      expect(await store.read((tx) => tx.feed.areOlder(first?.at ?? 0))).toBe(false)
      expect(await store.read((tx) => tx.feed.areOlder(last.at + 1))).toBe(true)
      while (await store.write((tx) => tx.feed.removeBefore(last.at + 1)));
      expect(await store.read((tx) => tx.feed.areOlder(last.at + 1))).toBe(false)
      expect(await store.read((tx) => tx.feed.end())).toEqual(last)
      expect(await store.read((tx) => tx.feed.after(last, 5))).toEqual([])
      expect(await store.read((tx) => tx.feed.after(start, 5))).toBeUndefined()
      expect(await store.read((tx) => tx.feed.after(first ?? start, 5))).toBeUndefined()
    })

    test('keeps what stands behind an event of a clock that was ahead, for who stands there', async () => {
      const position = await store.read((tx) => tx.feed.end())
      const now = Date.now()
      const later = await store.write(async (tx) => {
        vi.spyOn(Date, 'now').mockReturnValue(now + 1_000_000)
        await tx.users.delete(1, 1)
        vi.spyOn(Date, 'now').mockReturnValue(now)
        await tx.users.delete(2, 1)
        await tx.users.delete(3, 1)
        return now + 1_000_000
      })
      vi.restoreAllMocks()
      const [ahead] = (await store.read((tx) => tx.feed.after(position, 3))) ?? []
      expect(ahead?.at).toBe(later)
      while (await store.write((tx) => tx.feed.removeBefore(now + 1)));
      expect(await store.read((tx) => tx.feed.after(position, 3))).toBeUndefined()
      expect(await store.read((tx) => tx.feed.after(ahead ?? position, 3))).toHaveLength(2)
    })
  })
}

const start: FeedPosition = { id: 0, at: 0 }

/** What ends other things that somebody remembers: what was made in a person's name, and who may follow. */
const others: ReadonlySet<string> = new Set(['users.delete', 'verifiers.delete'])

/** What changes only names, or makes a token good that was not. */
const harmless: ReadonlySet<string> = new Set(['organisations.rename', 'tokens.rename', 'tokens.approve'])

/** What makes a guard forget a part of the world. */
function subjectsOf({
  organisation,
  app,
  user,
  minter,
  token,
}: World): Record<Exclude<keyof Found, 'session' | 'newestKey'>, readonly FeedSubject[]> {
  const whole = { kind: 'organisation', id: organisation.id } as const
  const ofApp = { kind: 'app', id: app.id } as const
  const above = [token.id, minter.id].map((id) => ({ kind: 'token', id }) as const)
  return {
    organisation: [whole],
    key: [whole],
    app: [whole, ofApp],
    membership: [whole, { kind: 'person', id: user.id }],
    token: [whole, ofApp, ...above],
  }
}

function isSame(one: FeedSubject, other: FeedSubject): boolean {
  return one.kind === other.kind && one.id === other.id
}
