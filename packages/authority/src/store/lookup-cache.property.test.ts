// With its cache the store finds what the database has, after any writes in any order, undone or not, while older reads go on.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

import type { ReadTransaction, Store, Transaction } from '../domain/store.ts'
import { openSqliteStore } from './open.ts'
import { SqliteConnection, SqliteSession } from './sqlite-connection.ts'
import { createWorld, lookUp, writes, type Found, type World } from './testing/writes.ts'
import { openTransaction } from './transaction.ts'

let directory = ''
let store: Store
let other: DatabaseSync
/** Without a cache. */
let database: ReadTransaction
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hallpass-lookups-'))
  store = await openSqliteStore({ directory })
  other = new DatabaseSync(join(directory, 'hallpass.db'))
  database = openTransaction(new SqliteSession(new SqliteConnection(other)))
})
afterAll(async () => {
  other.close()
  await store.close()
  await rm(directory, { recursive: true })
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
