// Backups: made beside a running server, put back elsewhere, and the tokens of before work; nothing is written over.
import { execFileSync } from 'node:child_process'
import { chmod, copyFile, mkdir, readFile, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'

import { mountDisk, reasonWithoutDisks } from '../packages/authority/src/store/testing/small-disk.ts'
import { startAuthority, founder, withDatabase, type TestAuthority } from './authority.ts'
import { arrive, type Outcome, type Place } from './hallpass.ts'
import { createAsk, type Ask } from './http.ts'
import { createOrganisation, mint, revoke, signInFounder, statusOf } from './people.ts'

const withoutDisks = reasonWithoutDisks()

let place: Place
let authority: TestAuthority
let token: string
let slug: string
beforeEach(async () => {
  place = await arrive()
  authority = await startAuthority()
  token = (await signInFounder(authority.ask)).token
  slug = (await createOrganisation(authority.ask, token)).slug
})
afterEach(async () => {
  await authority.close()
  await place.leave()
})

const at = (...names: string[]): string => join(place.directory, ...names)

/** What it said; it is expected to end with this code. */
async function run(code: number, ...words: string[]): Promise<Outcome> {
  const outcome = await place.run(words)
  expect([outcome.code, outcome.stderr]).toEqual([code, expect.anything()])
  return outcome
}

const backUp = (file: string) => run(0, 'backup', file, '--data', authority.directory)

/** A data directory with the root key of the authority and nothing else. */
async function freshDirectory(name = 'fresh'): Promise<string> {
  await mkdir(at(name), { mode: 0o700 })
  await copyFile(join(authority.directory, 'root.key'), at(name, 'root.key'))
  return at(name)
}

describe.skipIf(withoutDisks !== undefined)(`without room${withoutDisks ? `, skipped: ${withoutDisks}` : ''}`, () => {
  const disk = withoutDisks === undefined ? mountDisk(2) : undefined
  afterAll(() => disk?.remove())

  test('a backup and a restore say for which file, and change nothing', async () => {
    if (disk === undefined) throw new Error('There is no disk.')
    await backUp('b.db')
    const data = join(disk.directory, 'data')
    await mkdir(data, { mode: 0o700 })
    await copyFile(at('b.db'), join(data, 'hallpass.db'))
    const before = await readFile(join(data, 'hallpass.db'))
    const file = join(disk.directory, 'b.db')
    await writeFile(join(disk.directory, 'filler'), Buffer.alloc(2 ** 21 - before.length - 2 ** 18))
    const backup = await run(1, 'backup', file, '--data', authority.directory)
    expect(backup.stderr).toContain(`There is no room for ${file}. Nothing was changed.`)
    const restored = await run(1, 'restore', 'b.db', '--data', data)
    expect(restored.stderr).toContain(`There is no room for ${join(data, 'hallpass.db')}. Nothing was changed.`)
    expect(await readFile(join(data, 'hallpass.db'))).toEqual(before)
    expect(await readdir(data)).toEqual(['hallpass.db'])
    expect((await readdir(disk.directory)).toSorted()).toEqual(['data', 'filler'])
  })
})

describe('a backup', () => {
  test('of a running server, put into a fresh folder, honours the tokens of before', async () => {
    const minted = await mint(authority.ask, token, slug)
    const later = await mint(authority.ask, token, slug)
    const made = await backUp('b.db')
    expect(made.stdout).toBe(`${at('b.db')}\n`)
    expect(made.stderr).toMatch(/checked as a whole: version \d+, 1 account, 2 organizations, 2 tokens/)
    expect(made.stderr).toContain(`keep ${join(authority.directory, 'root.key')} in another place`)
    expect((await stat(at('b.db'))).mode & 0o777).toBe(0o600)
    await revoke(authority.ask, token, later.id)

    const directory = await freshDirectory()
    const restored = await run(0, 'restore', 'b.db', '--data', 'fresh')
    expect(restored.stderr).toContain('revoke it once more')
    expect((await readdir(directory)).toSorted()).toEqual(['hallpass.db', 'hallpass.lock', 'root.key'])
    expect((await stat(join(directory, 'hallpass.db'))).mode & 0o777).toBe(0o600)
    const served = await place.serve(['--data', 'fresh'])
    const ask = createAsk(() => served.url)
    expect(await statusOf(ask, minted.token)).toBe(200)
    expect(await statusOf(ask, later.token)).toBe(200)
    await mint(ask, token, slug)
    expect((await readdir(at())).filter((name) => name.includes('part'))).toEqual([])
  })

  test('is whole and comes to an end while the server keeps writing', async () => {
    const end = new AbortController()
    const ids: string[] = []
    const writers = Array.from({ length: 4 }, async () => {
      while (!end.signal.aborted) ids.push((await mint(authority.ask, token, slug)).id)
    })
    await expect.poll(() => ids.length).toBeGreaterThan(20)
    const before = ids.length
    await backUp('b.db')
    end.abort()
    await Promise.all(writers)
    const database = new DatabaseSync(at('b.db'))
    const { count } = database.prepare('select count(*) as count from tokens').get() ?? {}
    database.close()
    expect(Number(count)).toBeGreaterThanOrEqual(before)
    expect(Number(count)).toBeLessThanOrEqual(ids.length)
  })

  test('is written over nothing, and says what is amiss', async () => {
    await writeFile(at('there.db'), 'mine')
    expect((await run(1, 'backup', 'there.db', '--data', authority.directory)).stderr).toMatch(/exists already/)
    expect(await readFile(at('there.db'), 'utf8')).toBe('mine')
    await symlink(at('nowhere'), at('link.db'))
    expect((await run(1, 'backup', 'link.db', '--data', authority.directory)).stderr).toContain(
      `There is a file ${at('link.db')} already`,
    )
    expect((await run(1, 'backup', 'no/where.db', '--data', authority.directory)).stderr).toContain(
      `There is no directory ${at('no')}`,
    )
    expect((await run(1, 'backup', 'b.db', '--data', 'empty')).stderr).toMatch(/there is no hallpass\.db/)
    expect((await run(2, 'backup', '"b.db"', '--data', authority.directory)).stderr).toMatch(/stands in quotes/)
    const postgres = await run(2, 'backup', 'b.db', '--database-url', 'postgres://h/db')
    expect(postgres.stderr).toMatch(/use pg_dump/)
    expect((await readdir(at())).toSorted()).toEqual(['link.db', 'there.db'])
  })

  test('of a database whose root key is gone or wrong is made, with a warning', async () => {
    await authority.stop()
    await rm(join(authority.directory, 'root.key'))
    expect((await backUp('one.db')).stderr).toMatch(/Warning: no root key can be read at/)
    const wrong = { env: { HALLPASS_ROOT_KEY: Buffer.alloc(32).toString('hex') } }
    const outcome = await place.run(['backup', 'two.db', '-j', '--data', authority.directory], wrong)
    expect(outcome.stderr).toMatch(/Warning: HALLPASS_ROOT_KEY is not the root key/)
    expect(JSON.parse(outcome.stdout)).toMatchObject({ file: at('two.db'), accounts: 1, rootKeyFits: false })
  })

  test('of a damaged database is refused', async () => {
    for (let count = 0; count < 20; count += 1) await mint(authority.ask, token, slug)
    await authority.stop()
    await damage(join(authority.directory, 'hallpass.db'))
    expect((await run(1, 'backup', 'b.db', '--data', authority.directory)).stderr).toMatch(/is damaged/)
    expect(await readdir(at())).toEqual([])
  })
})

describe('a restore', () => {
  test('takes no place where a server runs', async () => {
    await backUp('b.db')
    expect((await run(1, 'restore', 'b.db', '--data', authority.directory)).stderr).toMatch(/Another Hallpass server/)
    expect(await statusOf(authority.ask, token)).toBe(200)
  })

  test.each([0, 1])(
    'makes verifiers forget everything, also where nothing happened after it (%d events)',
    async (events) => {
      const { stdout } = await run(0, 'verifiers', 'create', '--name', 'edge', '--data', authority.directory)
      for (let each = 0; each < events; each++) {
        await revoke(authority.ask, token, (await mint(authority.ask, token, slug)).id)
      }
      const feed = async (ask: Ask, query = '') =>
        (await ask('GET', `/v1/revocations${query}`, { token: stdout.trim() })).body as { after?: string; reset?: true }
      await expect.poll(async () => (await feed(authority.ask)).after).toBeDefined()
      const { after = '' } = await feed(authority.ask)
      await backUp('b.db')
      await freshDirectory()
      await run(0, 'restore', 'b.db', '--data', 'fresh')
      const served = await place.serve(['--data', 'fresh'])
      const there = createAsk(() => served.url)
      const answer = await feed(there, `?after=${after}`)
      expect(answer.reset).toBe(true)
      expect((await feed(there, `?after=${answer.after}`)).reset).toBeUndefined()
    },
  )

  test('keeps what was there, and no log of it comes back', async () => {
    await backUp('b.db')
    const later = await mint(authority.ask, token, slug)
    // As a server that was killed leaves it.
    await mkdir(at('killed'), { mode: 0o700 })
    for (const name of ['hallpass.db', 'hallpass.db-wal', 'root.key']) {
      await copyFile(join(authority.directory, name), at('killed', name))
    }
    expect((await stat(at('killed', 'hallpass.db-wal'))).size).toBeGreaterThan(0)
    const { stderr } = await run(0, 'restore', 'b.db', '--data', 'killed')
    const [, kept = ''] = /is kept as (\S+)\.\n/.exec(stderr) ?? []
    const served = await place.serve(['--data', 'killed'])
    const ask = createAsk(() => served.url)
    expect(await statusOf(ask, later.token)).toBe(401)
    expect(await statusOf(ask, token)).toBe(200)
    const old = new DatabaseSync(kept)
    expect(old.prepare('select count(*) as count from tokens').get()).toEqual({ count: 1 })
    old.close()
  })

  test('removes what was left of restores that were killed, and nothing else', async () => {
    await backUp('b.db')
    const directory = await freshDirectory()
    const left = ['hallpass.db.0123456789ab.part', 'hallpass.db.0123456789ab.part-journal']
    const others = ['hallpass.db.mine.part', 'b.db.0123456789ab.part']
    for (const name of [...left, ...others]) await writeFile(join(directory, name), 'x', { mode: 0o600 })
    await run(0, 'restore', 'b.db', '--data', 'fresh')
    expect((await readdir(directory)).toSorted()).toEqual(
      ['hallpass.db', 'hallpass.lock', 'root.key', ...others].toSorted(),
    )
  })

  test('by hand, with an old log beside it, is refused at the start', async () => {
    await backUp('b.db')
    const directory = await freshDirectory()
    await mint(authority.ask, token, slug)
    await copyFile(at('b.db'), join(directory, 'hallpass.db'))
    await copyFile(join(authority.directory, 'hallpass.db-wal'), join(directory, 'hallpass.db-wal'))
    expect((await run(1, 'serve', '--listen', '127.0.0.1:0', '--data', 'fresh')).stderr).toMatch(
      /-wal does not belong to .*move the -wal and -shm files away/,
    )
    await rm(join(directory, 'hallpass.db-wal'))
    const served = await place.serve(['--data', 'fresh'])
    expect(
      await statusOf(
        createAsk(() => served.url),
        token,
      ),
    ).toBe(200)
  })

  test('of what is damaged, newer, of another root key or no backup changes nothing', async () => {
    for (let count = 0; count < 20; count += 1) await mint(authority.ask, token, slug)
    await backUp('b.db')
    const directory = await freshDirectory()
    const refusal = async (name: string) => (await run(1, 'restore', name, '--data', 'fresh')).stderr
    await copyFile(at('b.db'), at('damaged.db'))
    await damage(at('damaged.db'))
    expect(await refusal('damaged.db')).toMatch(/is damaged/)
    await copyFile(at('b.db'), at('short.db'))
    await truncate(at('short.db'), 8192)
    expect(await refusal('short.db')).toMatch(/is damaged/)
    await copyFile(at('b.db'), at('newer.db'))
    const newer = new DatabaseSync(at('newer.db'))
    newer.exec(`insert into migrations values (999, 'tomorrow', 0)`)
    newer.close()
    expect(await refusal('newer.db')).toMatch(/version 999/)
    await writeFile(at('letter.db'), 'a letter'.repeat(1000))
    expect(await refusal('letter.db')).toMatch(/is damaged/)
    await writeFile(at('empty.db'), '')
    expect(await refusal('empty.db')).toMatch(/not a database of Hallpass/)
    expect(await refusal('missing.db')).toMatch(/There is no file/)
    await mkdir(at('folder'))
    expect(await refusal('folder')).toMatch(/is a directory: name the file in it/)
    execFileSync('mkfifo', [at('pipe')])
    expect(await refusal('pipe')).toMatch(/is not a file/)
    await writeFile(join(directory, 'root.key'), Buffer.alloc(32).toString('base64'))
    expect(await refusal('b.db')).toMatch(/made under another root key/)
    expect(await readdir(directory)).toEqual(['root.key'])
    await run(1, 'restore', 'short.db', '--data', 'made/for/it')
    expect(await readdir(place.directory)).not.toContain('made')
  })

  test('of a copy in the log mode, from where nothing can be written, works; and the root key may come later', async () => {
    await authority.stop()
    await mkdir(at('medium'))
    await copyFile(join(authority.directory, 'hallpass.db'), at('medium', 'copy.db'))
    await chmod(at('medium'), 0o500)
    const { stderr } = await run(0, 'restore', join('medium', 'copy.db'), '--data', 'new')
    await chmod(at('medium'), 0o700)
    expect(stderr).toContain(`put the root key that belongs to it at ${at('new', 'root.key')}`)
    const early = await run(1, 'serve', '--listen', '127.0.0.1:0', '--data', 'new')
    expect(early.stderr).toMatch(/neither HALLPASS_ROOT_KEY nor/)
    await copyFile(join(authority.directory, 'root.key'), at('new', 'root.key'))
    const served = await place.serve(['--data', 'new'])
    await signInFounder(createAsk(() => served.url))
    expect(founder.email).toBe(
      withDatabase(at('new'), (database) => database.prepare('select email from users').get()?.['email']),
    )
  })
})

/** Overwrites what lies in the middle of a file. */
async function damage(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes.fill(0x5a, bytes.length / 2, bytes.length / 2 + 8192)
  await writeFile(path, bytes)
}
