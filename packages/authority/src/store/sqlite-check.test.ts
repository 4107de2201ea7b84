// The check of a SQLite file's pages by a startup.
import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Store } from '../domain/store.ts'
import { beginCheck } from './sqlite-check.ts'
import { openSqliteStore } from './sqlite-store.ts'

let directory = ''
let path = ''
let store: Store | undefined
let warnings: string[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hallpass-check-'))
  path = join(directory, 'hallpass.db')
  warnings = []
  await (await start()).close()
})
afterEach(async () => {
  await store?.close()
  store = undefined
  await rm(directory, { recursive: true })
})

async function start(): Promise<Store> {
  return (store = await openSqliteStore({ directory, warn: (sentence) => warnings.push(sentence) }))
}

/** More pages than a startup waits for, none of which it reads itself. */
function grow(): void {
  const database = new DatabaseSync(path)
  database.exec(`create table filler (content blob) strict;
    with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 5000)
    insert into filler select zeroblob(4000) from numbers`)
  database.close()
}

async function damage(): Promise<void> {
  const { size } = await stat(path)
  const file = await open(path, 'r+')
  await file.write(Buffer.alloc(4096, 0x5a), 0, 4096, Math.floor(size / 8192) * 4096)
  await file.close()
}

describe('a large database', () => {
  test('with a damaged page ends the store, which has begun, on purpose', async () => {
    grow()
    await damage()
    const running = await start()
    expect(await running.failed).toMatchObject({
      code: 'database_damaged',
      message: expect.stringMatching(/hallpass\.db .* \(.+\)\. .*"hallpass doctor"/) as string,
    })
    await expect(running.read((tx) => tx.users.exist())).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('that is sound is checked, and nothing is said', async () => {
    grow()
    const database = new DatabaseSync(path)
    const found = Promise.withResolvers<unknown>()
    const check = beginCheck(
      database,
      path,
    )({ damaged: found.resolve, failed: found.resolve, sound: () => found.resolve('sound') })
    expect(await found.promise).toBe('sound')
    await check?.stop()
    database.close()
  })

  test('is checked first if a migration will change it, or if there may be no thread', async () => {
    grow()
    await damage()
    const database = new DatabaseSync(path)
    const bounds = { beforehand: 4096, atAll: 2 ** 30, mayThread: true }
    expect(() => beginCheck(database, path, { ...bounds, mayThread: false })).toThrow(/is damaged: /)
    database.exec('delete from migrations where version > 1')
    expect(() => beginCheck(database, path, bounds)).toThrow(/is damaged: /)
    database.close()
  })

  test('is closed in the middle of the check', async () => {
    grow()
    await damage()
    const running = await start()
    await running.close()
    expect(await Promise.race([running.failed, Promise.resolve('closed')])).toBe('closed')
    expect(warnings).toEqual([])
  })
})
