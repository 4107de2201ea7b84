// Files that are lost, replaced or open to others: no start makes a key for a database that has one, or starts over
// where something was, and a server whose file is gone says so and keeps nothing in it.
import {
  chmod,
  chown,
  copyFile,
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { serve, StartupError, type RunningAuthority, type ServeOptions } from '../packages/authority/src/main.ts'
import { createDirectory, founder, optionsFor } from './authority.ts'
import { arrive } from './hallpass.ts'
import { createAsk } from './http.ts'
import { createOrganisation, mint, signIn, signInFounder, statusOf } from './people.ts'

const key = Buffer.alloc(32, 1).toString('base64')
const other = Buffer.alloc(32, 2).toString('base64')

let parent: string
let directory: string
let running: RunningAuthority | undefined
beforeEach(async () => {
  parent = await createDirectory()
  directory = join(parent, 'data')
})
afterEach(async () => {
  await stop()
  await rm(parent, { recursive: true, force: true })
})

const at = (name: string): string => join(directory, name)
const ask = createAsk(() => running?.url ?? '')

async function start(options: Partial<ServeOptions> = {}): Promise<void> {
  running = await serve({ ...optionsFor(directory), ...options })
}

async function stop(): Promise<void> {
  await running?.close()
  running = undefined
}

async function startOnce(options: Partial<ServeOptions> = {}): Promise<void> {
  await start(options)
  await stop()
}

/** Expects that a start fails with these words, and leaves every file as it is. */
async function expectRefusal(code: StartupError['code'], words: RegExp, options: Partial<ServeOptions> = {}) {
  const before = await contents()
  const refusal: unknown = await start(options).catch((error: unknown) => error)
  await stop()
  expect(refusal).toBeInstanceOf(StartupError)
  expect(refusal).toMatchObject({ code, message: expect.stringMatching(words) as string })
  const after = await contents()
  // What SQLite and the lock leave while one looks at a database is nothing of ours.
  for (const name of ['hallpass.lock', 'hallpass.db-wal', 'hallpass.db-shm']) if (!(name in before)) delete after[name]
  expect(after).toEqual(before)
}

async function contents(): Promise<Record<string, string>> {
  const names = await readdir(directory).catch(() => [])
  const files = await Promise.all(names.map(async (name) => [name, await digest(at(name))] as const))
  return Object.fromEntries(files)
}

async function digest(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  return found?.isFile() === true ? (await readFile(path)).toString('base64') : 'no file'
}

async function removeDatabase(): Promise<void> {
  for (const name of ['hallpass.db', 'hallpass.db-wal', 'hallpass.db-shm']) await rm(at(name), { force: true })
}

test('the data directory is the intended one, with any line end after its name', async () => {
  const place = await arrive()
  try {
    await (await place.serve([], { HALLPASS_DATA: './d1' })).stop()
    await (await place.serve([], { HALLPASS_DATA: './d1\r' })).stop()
    const quoted = await place.run(['serve', '--listen', '127.0.0.1:0'], { env: { HALLPASS_DATA: '"./d2"' } })
    expect([quoted.code, quoted.stderr]).toEqual([2, 'Error: HALLPASS_DATA stands in quotes: leave them away\n'])
    expect(await readdir(place.directory)).toEqual(['d1'])
  } finally {
    await place.leave()
  }
})

describe('a root key', () => {
  test('is not made for a database that has one', async () => {
    await startOnce()
    await rm(at('root.key'))
    await expectRefusal('root_key_mismatch', /neither HALLPASS_ROOT_KEY nor .*root\.key/)
  })

  test('that is wrong changes nothing of a database that wants migrating', async () => {
    await startOnce({ rootKey: key })
    await expectRefusal('root_key_mismatch', /another root key/, { rootKey: other })
  })

  test('behind a link works, and behind one that leads nowhere is refused', async () => {
    const secrets = join(parent, 'secrets')
    await mkdir(secrets)
    await mkdir(directory, { mode: 0o700 })
    await symlink(join(secrets, 'key'), at('root.key'))
    await expectRefusal(
      'root_key_invalid',
      /link to .*secrets\/key, which cannot be found \(no such file or directory\)/,
    )
    await writeFile(join(secrets, 'key'), `${key}\n`, { mode: 0o600 })
    await startOnce()
    expect(await readFile(join(secrets, 'key'), 'utf8')).toBe(`${key}\n`)
    await rm(join(secrets, 'key'))
    await expectRefusal('root_key_invalid', /which cannot be found/)
    await rm(at('root.key'))
    await symlink(at('root.key'), at('root.key'))
    await expectRefusal('root_key_invalid', /which cannot be found \(too many symbolic links encountered\)/)
  })

  test('that is a directory, empty, or of somebody else is refused with a sentence', async () => {
    await mkdir(directory, { mode: 0o700 })
    await mkdir(at('root.key'))
    await expectRefusal('root_key_invalid', /root\.key is not a file/)
    await rm(at('root.key'), { recursive: true })
    await writeFile(at('root.key'), '\n', { mode: 0o600 })
    await expectRefusal('root_key_invalid', /root\.key is empty/)
    if (process.getuid?.() !== 0) return
    await writeFile(at('root.key'), `${key}\n`, { mode: 0o600 })
    await chown(at('root.key'), 65534, 65534)
    await expectRefusal('root_key_invalid', /belongs to another user \(65534\): run "chown 0 /)
  })

  test('leaves no drafts of starts that were killed', async () => {
    await startOnce()
    await writeFile(at('root.key.0123456789ab'), 'half a k')
    await startOnce()
    expect(await readdir(directory)).toContain('root.key.0123456789ab')
    const { utimes } = await import('node:fs/promises')
    await utimes(at('root.key.0123456789ab'), 1, 1)
    await startOnce()
    expect(await readdir(directory)).not.toContain('root.key.0123456789ab')
  })
})

describe('a database that is gone', () => {
  test.each([
    ['removed', removeDatabase],
    ['emptied', () => truncate(at('hallpass.db'), 0)],
    // What a copy of the file alone held, before anything came into it from the log.
    ['without tables', async () => writeFile(at('hallpass.db'), await emptyDatabase())],
  ])('and is %s beside its root key is not replaced', async (_, lose) => {
    await startOnce()
    await lose()
    await expectRefusal('database_missing', /root\.key is in use .*"hallpass restore"/s)
    // Wherever the key is taken.
    const elsewhere = join(parent, 'elsewhere')
    await mkdir(elsewhere, { mode: 0o700 })
    await copyFile(at('root.key'), join(elsewhere, 'root.key'))
    await expectRefusal('database_missing', /move root\.key away/, { dataDirectory: elsewhere })
    expect(await readdir(elsewhere)).toEqual(['root.key'])
    await rename(at('root.key'), join(parent, 'root.key'))
    await removeDatabase()
    await start()
    await signInFounder(ask)
  })

  test('is missed where the root key is not a file', async () => {
    await startOnce({ rootKey: key })
    await removeDatabase()
    await expectRefusal('database_missing', /was in use .*remove hallpass\.lock/s, { rootKey: key })
    await writeFile(at('hallpass.db'), await emptyDatabase(), { mode: 0o600 })
    await expectRefusal('database_missing', /was in use/, { rootKey: key })
    await rm(at('hallpass.lock'))
    await startOnce({ rootKey: key })
  })

  test('is begun with a root key that nobody has used yet', async () => {
    await mkdir(directory, { mode: 0o700 })
    await writeFile(at('root.key'), `${key}\n`, { mode: 0o600 })
    await startOnce()
    expect((await readFile(at('root.key'), 'utf8')).trim()).toBe(key)
    await startOnce()
    await removeDatabase()
    await expectRefusal('database_missing', /in use/)
  })

  test('leaves its log as it was', async () => {
    await start()
    for (const name of ['hallpass.db-wal', 'root.key']) await copyFile(at(name), join(parent, name))
    await stop()
    await removeDatabase()
    await copyFile(join(parent, 'hallpass.db-wal'), at('hallpass.db-wal'))
    await expectRefusal('database_missing', /hallpass\.db-wal is there, and/)
    await writeFile(at('hallpass.db'), '', { mode: 0o600 })
    await expectRefusal('database_missing', /hallpass\.db-wal is there, and/)
  })
})

async function emptyDatabase(): Promise<Buffer> {
  const { DatabaseSync } = await import('node:sqlite')
  const path = join(parent, `${Math.random()}.db`)
  const database = new DatabaseSync(path)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA user_version = 0; VACUUM')
  database.close()
  return readFile(path)
}

describe('what others can change', () => {
  test.each([
    ['', 0o777],
    ['', 0o770],
    ['', 0o703],
  ])('is refused with the remedy: the directory%s of mode %o', async (_, mode) => {
    await startOnce()
    await chmod(directory, mode)
    await expectRefusal('data_directory_exposed', new RegExp(`run "chmod 700 ${directory}"`))
    await chmod(directory, 0o700)
    await startOnce()
  })

  test.each(['hallpass.db', 'hallpass.lock'])('is refused with the remedy: %s', async (name) => {
    await startOnce()
    await chmod(at(name), 0o666)
    await expectRefusal('data_directory_exposed', new RegExp(`run "chmod 600 ${at(name)}"`))
    await chmod(at(name), 0o600)
    await rename(at(name), join(parent, name))
    await symlink(join(parent, name), at(name))
    await expectRefusal('data_directory_exposed', new RegExp(`${name} is a symbolic link`))
  })

  test('is refused behind a symbolic link, which says where it leads', async () => {
    await startOnce()
    const link = join(parent, 'link')
    await symlink(directory, link)
    await expectRefusal('data_directory_exposed', new RegExp(`link is a symbolic link.*${directory}\\.`), {
      dataDirectory: link,
    })
    await expectRefusal('data_directory_exposed', /symbolic link/, { dataDirectory: `${link}/` })
    await rm(link)
    await symlink(join(parent, 'nowhere'), link)
    await expectRefusal('data_directory_exposed', /leads nowhere/, { dataDirectory: link })
    expect(await readdir(parent)).not.toContain('nowhere')
  })

  test.runIf(process.getuid?.() === 0)('is refused where it belongs to somebody else', async () => {
    await startOnce()
    for (const path of [directory, at('hallpass.db')]) {
      await chown(path, 65534, 65534)
      await expectRefusal('data_directory_exposed', new RegExp(`run "chown 0 ${path}"`))
      await chown(path, 0, 0)
    }
    // A volume that Kubernetes has given to a group of the program's own.
    await chmod(directory, 0o2770)
    await chmod(at('hallpass.db'), 0o660)
    await startOnce()
  })
})

describe('a server whose files are taken away', () => {
  test.each([
    ['removed', () => rm(at('hallpass.db'))],
    ['replaced', () => replace('hallpass.db')],
    ['without their log', () => rm(at('hallpass.db-wal'))],
    ['without their lock', () => rm(at('hallpass.lock'))],
    ['moved with their directory', () => rename(directory, join(parent, 'moved'))],
  ])('and are %s says so, and acknowledges nothing', async (_, take) => {
    await start()
    const { token } = await signInFounder(ask)
    const { slug } = await createOrganisation(ask, token)
    const minted = await mint(ask, token, slug)
    await expect.poll(async () => (await ask('GET', '/readyz')).status).toBe(200)
    await take()
    const ready = await ask('GET', '/readyz')
    expect([ready.status, ready.text]).toEqual([503, expect.stringContaining('is gone or was replaced')])
    const refused = await ask('POST', `/v1/orgs/${slug}/tokens`, { token, body: {} })
    expect([refused.status, refused.text]).toEqual([503, expect.stringContaining('"unavailable"')])
    expect(refused.text).not.toContain(parent)
    expect(await statusOf(ask, minted.token)).toBe(200)
  })

  test('stores changes again once they are back', async () => {
    await start()
    const { token } = await signInFounder(ask)
    const { slug } = await createOrganisation(ask, token)
    await rename(at('hallpass.db'), join(parent, 'away'))
    await expect.poll(async () => (await ask('GET', '/readyz')).status).toBe(503)
    await rename(join(parent, 'away'), at('hallpass.db'))
    await expect.poll(async () => (await ask('GET', '/readyz')).status).toBe(200)
    const minted = await mint(ask, token, slug)
    await stop()
    await start()
    expect(await statusOf(ask, minted.token)).toBe(200)
    await signIn(ask, founder)
  })
})

async function replace(name: string): Promise<void> {
  await copyFile(at(name), at('copy'))
  await rename(at('copy'), at(name))
}
