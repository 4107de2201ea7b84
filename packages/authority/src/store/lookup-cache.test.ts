// The cache of SQLite's store always equals the database, after any method and after any writes in any order, undone or not.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import type { ReadTransaction, Store, Transaction } from '../domain/store.ts'
import { signedId } from '../domain/token.ts'
import { Changes, LookupCache } from './lookup-cache.ts'
import { openSqliteStore } from './open.ts'
import { SqliteConnection, SqliteSession } from './sqlite-connection.ts'
import { createToken, signedRecordOf } from './testing/seed.ts'
import { createWorld, lookUp, writes, type Found, type World } from './testing/writes.ts'
import { openTransaction } from './transaction.ts'

let directory = ''
let store: Store
let other: DatabaseSync
let database: ReadTransaction
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hallpass-lookups-'))
  store = await openSqliteStore({ directory })
  // A separate connection without a cache.
  other = new DatabaseSync(join(directory, 'hallpass.db'))
  database = openTransaction(new SqliteSession(new SqliteConnection(other)))
})
afterAll(async () => {
  other.close()
  await store.close()
  await rm(directory, { recursive: true })
})

/** A new world, cached for readers and for the writer. */
async function cacheWorld(): Promise<{ readonly world: World; readonly before: Found }> {
  const world = await store.write(createWorld)
  const before = await lookUp(database, world)
  expect(Object.values(before)).not.toContain(undefined)
  await expectEverywhere(world, before)
  return { world, before }
}

async function expectEverywhere(world: World, found: Found): Promise<void> {
  for (let time = 0; time < 2; time++) {
    expect(await store.read((tx) => lookUp(tx, world))).toEqual(found)
    expect(await store.write((tx) => lookUp(tx, world))).toEqual(found)
  }
}

describe.each(writes)('after $name', ({ write, changes }) => {
  test('the cache equals the database', async () => {
    const { world, before } = await cacheWorld()
    const within = await store.write(async (tx) => {
      await write(tx, world)
      return lookUp(tx, world)
    })
    const after = await lookUp(database, world)
    expect(within).toEqual(after)
    await expectEverywhere(world, after)
    for (const key of Object.keys(before) as (keyof Found)[]) {
      if (changes.includes(key)) expect(after[key]).not.toEqual(before[key])
      else expect(after[key]).toEqual(before[key])
    }
  })

  test('the cache equals the database within its group, and when it is undone', async () => {
    const { world, before } = await cacheWorld()
    const failing = async (tx: Transaction) => {
      await write(tx, world)
      throw Object.assign(new Error('undone'), { within: await lookUp(tx, world) })
    }
    const results = await Promise.allSettled([
      store.write(failing),
      store.write((tx) => lookUp(tx, world)),
      store.write(failing),
      store.write((tx) => lookUp(tx, world)),
      store.write((tx) => write(tx, world)),
      store.write((tx) => lookUp(tx, world)),
    ])
    const after = await lookUp(database, world)
    const [first, second, third, fourth, fifth, last] = results
    for (const undone of [first, third]) expect(undone).toMatchObject({ reason: { message: 'undone' } })
    for (const unchanged of [second, fourth]) expect(unchanged).toEqual({ status: 'fulfilled', value: before })
    expect(fifth).toMatchObject({ status: 'fulfilled' })
    expect(last).toEqual({ status: 'fulfilled', value: after })
    await expectEverywhere(world, after)
  })

  test('a read that had begun keeps its snapshot, and passes none of it on', async () => {
    const { world, before } = await cacheWorld()
    await store.read(async (tx) => {
      // Only a test may wait for something else in a transaction.
      await store.write((writing) => write(writing, world))
      expect(await lookUp(tx, world)).toEqual(before)
    })
    await expectEverywhere(world, await lookUp(database, world))
  })
})

test('a row that was found before a rollback is not cached', async () => {
  const { world } = await cacheWorld()
  const phantom = createToken(world.organisation.id)
  const results = await Promise.allSettled([
    store.write((tx) => tx.settings.set('name', 'first')),
    store.write(async (tx) => {
      await tx.tokens.insert(phantom)
      expect(await tx.tokens.signedWith(signedId(phantom.id, world.kid))).toEqual(signedRecordOf(phantom))
      throw new Error('undone')
    }),
    store.write((tx) => tx.tokens.signedWith(signedId(phantom.id, world.kid))),
  ])
  expect(results).toMatchObject([{ status: 'fulfilled' }, { reason: { message: 'undone' } }, { value: undefined }])
  expect(await store.write((tx) => tx.tokens.signedWith(signedId(phantom.id, world.kid)))).toBeUndefined()
})

test('a token that was found with its key is not found with another', async () => {
  const { world } = await cacheWorld()
  const find = (kid: Uint8Array) => store.read((tx) => tx.tokens.signedWith(signedId(world.token.id, kid)))
  expect(await find(world.kid)).toEqual(signedRecordOf(world.token))
  expect(await find(new Uint8Array(world.kid.length))).toBeUndefined()
})

test('a change of one row drops only that row', async () => {
  const [one, two] = [await cacheWorld(), await cacheWorld()]
  const session = new SqliteSession(new SqliteConnection(other))
  const find = async (cache: LookupCache) => {
    const { tokens } = openTransaction(session, cache.lookups())
    const found = [one, two].map(({ world: { token, kid } }) => tokens.signedWith(signedId(token.id, kid)))
    return (await Promise.all(found)).map((token) => token?.name)
  }
  const cache = new LookupCache()
  const names = await find(cache)
  for (const { world } of [one, two]) {
    other.prepare('update tokens set name = ? where id = unhex(?)').run('other', world.token.id.replaceAll('-', ''))
  }
  const changes = new Changes()
  changes.add({ kind: 'alters', tables: ['tokens'] }, one.world.token.id)
  expect(await find(cache.after(changes))).toEqual(['other', names[1]])
})

test('what another program writes while nobody reads is seen by the first who does, however much is cached', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const own = await mkdtemp(join(directory, 'own-'))
  const read = await openSqliteStore({ directory: own })
  const writer = new DatabaseSync(join(own, 'hallpass.db'))
  try {
    const world = await read.write(createWorld)
    const find = () => read.read((tx) => tx.tokens.signedWith(signedId(world.token.id, world.kid)))
    const rename = (name: string) =>
      writer.prepare('update tokens set name = ? where id = unhex(?)').run(name, world.token.id.replaceAll('-', ''))
    expect(await find()).toEqual(signedRecordOf(world.token))
    rename('unseen for a second')
    expect(await find()).toEqual(signedRecordOf(world.token))
    for (const name of ['first', 'second']) {
      vi.advanceTimersByTime(1000)
      rename(name)
      expect(await find()).toEqual({ ...signedRecordOf(world.token), name })
    }
  } finally {
    vi.useRealTimers()
    writer.close()
    await read.close()
  }
})

test('mints do not clear it; what another program writes is seen by writes at once, and by reads from the next commit on', async () => {
  const { world, before } = await cacheWorld()
  const readName = () =>
    store.read(async (tx) => (await tx.tokens.signedWith(signedId(world.token.id, world.kid)))?.name)
  const rename = (name: string) =>
    other.prepare('update tokens set name = ? where id = unhex(?)').run(name, world.token.id.replaceAll('-', ''))
  rename('seen in time')
  await expect.poll(readName, { interval: 10 }).toBe('seen in time')

  // Readers have just begun to cache again.
  rename('renamed')
  const written = await store.write(async (tx) => {
    await tx.tokens.insert(createToken(world.organisation.id))
    return lookUp(tx, world)
  })
  expect(written).toEqual({ ...before, token: { ...signedRecordOf(world.token), name: 'renamed' } })
  // What is cached is never older than what is read beside it, as the place of the feed.
  expect(await readName()).toBe('renamed')
})

const changing = writes.filter(({ changes }) => changes.length > 0)

/** What one transaction does. */
const member = fc.record({
  write: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...changing) }, fc.constantFrom(...writes)),
  world: fc.nat(2),
  looksBefore: fc.boolean(),
  isUndone: fc.boolean(),
})
type Member = typeof member extends fc.Arbitrary<infer Drawn> ? Drawn : never

/** Writes that are queued together. A read may begin before them and look again after them. */
const group = fc.record({
  members: fc.array(member, { minLength: 1, maxLength: 5 }),
  held: fc.option(fc.nat(2), { nil: undefined }),
})

test('the cache equals the database after any writes, within them, and in the snapshots that outlive them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(group, { minLength: 1, maxLength: 4 }), async (groups) => {
      const worlds: World[] = []
      for (let at = 0; at < 3; at++) worlds.push(await store.write(createWorld))
      const worldAt = (at: number) => worlds[at] ?? expect.fail('there are three worlds')
      for (const { members, held } of groups) {
        const before = await findAll(database, worlds)
        const write = () => Promise.all(members.map((one) => perform(one, worldAt(one.world))))
        if (held === undefined) await write()
        else {
          await store.read(async (tx) => {
            expect(await lookUp(tx, worldAt(held))).toEqual(before[held])
            // Only a test may wait for something else in a transaction.
            await write()
            expect(await findAll(tx, worlds)).toEqual(before)
          })
        }
        const after = await findAll(database, worlds)
        expect(await store.read((tx) => findAll(tx, worlds))).toEqual(after)
        expect(await store.write((tx) => findAll(tx, worlds))).toEqual(after)
      }
    }),
    { numRuns: 40 },
  )
})

async function perform({ write, looksBefore, isUndone }: Member, world: World): Promise<void> {
  const work = async (tx: Transaction) => {
    if (looksBefore) await lookUp(tx, world)
    await write.write(tx, world)
    await lookUp(tx, world)
    if (isUndone) throw new Error('undone')
  }
  // A write that an earlier one has made impossible is undone, too.
  await store.write(work).catch(() => {})
}

async function findAll(tx: ReadTransaction, worlds: readonly World[]): Promise<readonly Found[]> {
  const found: Found[] = []
  for (const world of worlds) found.push(await lookUp(tx, world))
  return found
}
