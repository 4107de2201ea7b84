// The SQLite store when it cannot write: another program holds the lock, the disk is full, the file is damaged.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, open, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Store, Trouble } from '../domain/store.ts'
import { openSqliteStore } from './open.ts'
import { createToken, insertOrganisation, insertUser } from './testing/seed.ts'
import { mountDisk, reasonWithoutDisks } from './testing/small-disk.ts'

let directory: string
let store: Store | undefined
let reported: string[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hallpass-trouble-'))
  reported = []
})
afterEach(async () => {
  await store?.close()
  store = undefined
  await rm(directory, { recursive: true, force: true })
})

const at = (name: string): string => join(directory, name)

async function start(place = directory): Promise<Store> {
  store = await openSqliteStore({
    directory: place,
    warn: (sentence) => void reported.push(sentence),
    report: (what, trouble) => void reported.push(`${what} ${trouble?.reason ?? 'go on'}`),
  })
  return store
}

const setting = (value: string) => (tx: Parameters<Parameters<Store['write']>[0]>[0]) => tx.settings.set('a', value)

test('a reserve that fails for another reason than room is no full disk, and one line gives the reason', async () => {
  await mkdir(at('hallpass.db.reserve.part'))
  const running = await start()
  await running.write(setting('1'))
  await expect.poll(() => running.health()).toBeUndefined()
  expect(reported).toEqual([
    expect.stringMatching(/^.*hallpass\.db\.reserve cannot be made: illegal operation on a directory/),
  ])
})

describe('while another program holds the lock', () => {
  test('reads continue, and writes wait for it in order', async () => {
    const running = await start()
    const other = new DatabaseSync(at('hallpass.db'))
    other.exec('BEGIN IMMEDIATE')
    const ends: string[] = []
    const written = ['1', '2', '3'].map((value) => running.write(setting(value)).then(() => ends.push(value)))
    for (let read = 0; read < 50; read++) {
      expect(await running.read((tx) => tx.settings.get('a'))).toBeUndefined()
      await new Promise(setImmediate)
    }
    expect(ends).toEqual([])
    other.exec('ROLLBACK')
    other.close()
    await Promise.all(written)
    expect(ends).toEqual(['1', '2', '3'])
    expect(await running.read((tx) => tx.settings.get('a'))).toBe('3')
  })

  test('writes are refused after a while, one line gives the reason, and another says that they work again', async () => {
    const running = await start()
    const other = new DatabaseSync(at('hallpass.db'))
    other.exec('BEGIN IMMEDIATE')
    const refused = await Promise.allSettled(['1', '2'].map((value) => running.write(setting(value))))
    for (const one of refused) {
      expect(one).toMatchObject({
        status: 'rejected',
        reason: { code: 'unavailable', reason: 'locked', retryAfter: 2 },
      })
    }
    expect(await running.health()).toMatchObject({ reason: expect.stringMatching(/slow|locked/) as string })
    other.exec('ROLLBACK')
    other.close()
    await running.write(setting('3'))
    expect(reported).toEqual(['writes locked', 'writes go on'])
    await expect.poll(() => running.health()).toBeUndefined()
  })
})

const diskless = reasonWithoutDisks()

describe.skipIf(diskless !== undefined)(`on a disk that is full${diskless ? `, skipped: ${diskless}` : ''}`, () => {
  test('writes that take authority away still work, and the others once there is room', async () => {
    const disk = mountDisk(8)
    try {
      const running = await start(disk.directory)
      const organisation = await running.write(insertOrganisation)
      const tokens = Array.from({ length: 60 }, () => createToken(organisation.id))
      for (const token of tokens) await running.write((tx) => tx.tokens.insert(token))
      await expect.poll(() => running.health()).toBeUndefined()
      disk.fill()
      const large = randomBytes(30_000).toString('hex')
      await expect.poll(() => running.write(setting(large)).then(() => 'written', codeOf)).toBe('storage_full')
      expect(await running.health()).toMatchObject({ reason: 'storage_full' })
      for (const { id } of tokens) {
        disk.fill()
        await running.write((tx) => tx.tokens.revoke(id, 5, 'ada@example.com'), { isUrgent: true })
        expect(await running.write(insertUser).then(() => 'written', codeOf)).toBe('storage_full')
        expect(await running.read((tx) => tx.tokens.byId(id))).toMatchObject({ revokedAt: 5 })
      }
      expect(reported).toEqual(['writes storage_full'])
      disk.makeRoom()
      await expect.poll(() => running.health()).toBeUndefined()
      await running.write(insertUser)
      expect(reported).toEqual(['writes storage_full', 'writes go on'])
      expect(existsSync(join(disk.directory, 'hallpass.db.reserve'))).toBe(true)
    } finally {
      await store?.close()
      store = undefined
      disk.remove()
    }
  })
})

describe('a database that is damaged under a running server', () => {
  test.each([
    ['overwritten', async () => overwrite(at('hallpass.db'))],
    ['cut off', () => truncate(at('hallpass.db'), 4096)],
  ])('and %s ends the store on purpose: everything that waits is refused', async (_, damage) => {
    const first = await start()
    for (let user = 0; user < 300; user++) await first.write(insertUser)
    await first.close()
    const running = await start()
    await damage()
    // Cached pages are still readable and writable. A scan of the table reads pages that nobody wrote again.
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, async () => {
        await running.write(insertUser)
        await running.read((tx) => tx.users.list())
      }),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toEqual([])
    expect(await running.failed).toMatchObject({
      code: 'database_damaged',
      message: expect.stringContaining(directory) as string,
    })
    await expect(running.read((tx) => tx.users.exist())).rejects.toMatchObject({ code: 'unavailable' })
    await expect(running.write(insertUser)).rejects.toMatchObject({ code: 'unavailable', retryAfter: 30 })
    expect(((await running.health()) as Trouble).reason).toBe('damaged')
    expect(reported).toEqual(['writes damaged'])
  })
})

async function overwrite(path: string): Promise<void> {
  const file = await open(path, 'r+')
  const { size } = await file.stat()
  await file.write(randomBytes(size - 4096), 0, size - 4096, 4096)
  await file.close()
}

function codeOf(error: unknown): unknown {
  return Reflect.get(Object(error), 'code')
}
