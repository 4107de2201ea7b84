// What an authority refuses to start with: another root key, a key that others can read, a newer database, a second server.
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { serve, StartupError, type RunningAuthority, type ServeOptions } from '../packages/authority/src/main.ts'
import { createDirectory, founder, optionsFor, startAuthority, withDatabase } from './authority.ts'
import { startChild } from './child.ts'
import { arrive } from './hallpass.ts'
import { createAsk } from './http.ts'
import { createOrganisation, mint, signIn, signInFounder, statusOf } from './people.ts'

const keyA = Buffer.alloc(32, 1).toString('base64')
const keyB = Buffer.alloc(32, 2).toString('base64')

let directory: string
let running: RunningAuthority | undefined
beforeEach(async () => {
  directory = await createDirectory()
})
afterEach(async () => {
  await stop()
  await rm(directory, { recursive: true, force: true })
})

async function start(options: Partial<ServeOptions> = {}): Promise<RunningAuthority> {
  running = await serve({ ...optionsFor(directory), ...options })
  return running
}

async function stop(): Promise<void> {
  await running?.close()
  running = undefined
}

/** The error with which a start fails; a start that does not fail is stopped again. */
async function refusal(options: Partial<ServeOptions> = {}): Promise<StartupError> {
  let second: RunningAuthority
  try {
    second = await serve({ ...optionsFor(directory), ...options })
  } catch (error) {
    expect(error).toBeInstanceOf(StartupError)
    return error as StartupError
  }
  await second.close()
  throw new Error('it started')
}

// In /proc the recursive mkdir of Node.js never ends.
test.skipIf(process.platform !== 'linux')('a data directory that cannot be made is reported in one line', async () => {
  const place = await arrive()
  const file = join(place.directory, 'file')
  await writeFile(file, 'text')
  const cases = [
    ['/proc/hallpass/data', 'no directory can be made in /proc'],
    [file, 'is not a directory'],
    [join(file, 'data'), 'a part of its path is a file'],
    ['/dev/null/data', 'a part of its path is a file'],
  ] as const
  try {
    for (const [data, why] of cases) {
      for (const words of [['serve', '--listen', '127.0.0.1:0'], ['restore', 'file'], ['doctor']]) {
        const { code, stdout, stderr } = await place.run([...words, '--data', data])
        const said = words[0] === 'doctor' ? stdout : stderr
        expect({ words, data, code, said }).toMatchObject({ code: 1, said: expect.stringContaining(data) as string })
        expect(said).not.toContain('something went wrong')
        if (words[0] !== 'doctor') expect(said).toMatch(new RegExp(`^Error: .*${why}.*\\n$`))
      }
    }
  } finally {
    await place.leave()
  }
})

test('a database that is to be reached by TLS is refused in one line, without a word of the library', async () => {
  const place = await arrive()
  try {
    for (const mode of ['prefer', 'require', 'verify-ca', 'verify-full', 'no-verify']) {
      const url = `postgres://me@127.0.0.1:1/db?sslmode=${mode}`
      const { stderr } = await place.run(['serve', '--listen', '127.0.0.1:0'], { env: { HALLPASS_DATABASE_URL: url } })
      expect(stderr, mode).toMatch(/^Error: The PostgreSQL database at 127\.0\.0\.1:1 cannot be used: .*\n$/)
    }
  } finally {
    await place.leave()
  }
})

describe('the root key', () => {
  test('another one is refused, and the right one works as before', async () => {
    await start({ rootKey: keyA })
    await stop()
    const error = await refusal({ rootKey: keyB })
    expect(error.code).toBe('root_key_mismatch')
    expect(error.message).not.toContain(keyB)
    await start({ rootKey: keyA })
  })

  test('a lost root.key is not replaced for a database that needs it', async () => {
    await start()
    await stop()
    await rm(join(directory, 'root.key'))
    expect((await refusal()).code).toBe('root_key_mismatch')
  })

  test('a file that others can read is refused, with the remedy', async () => {
    await start()
    await stop()
    const path = join(directory, 'root.key')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    for (const mode of [0o644, 0o640, 0o604, 0o660]) {
      await chmod(path, mode)
      const error = await refusal()
      expect(error.code).toBe('root_key_invalid')
      expect(error.message).toContain('chmod 600')
      expect(error.message).not.toContain((await readFile(path, 'utf8')).trim())
    }
    await chmod(path, 0o600)
    await start()
  })

  test.each([
    ['short', Buffer.alloc(16).toString('base64')],
    ['long', Buffer.alloc(64).toString('hex')],
    ['no key at all', 'correct horse battery staple'],
    ['empty', ''],
  ])('one that is %s is refused without being repeated', async (_, rootKey) => {
    const error = await refusal({ rootKey })
    expect(error.code).toBe('root_key_invalid')
    if (rootKey !== '') expect(error.message).not.toContain(rootKey)
  })

  test('a damaged file is refused', async () => {
    await start()
    await stop()
    await writeFile(join(directory, 'root.key'), 'half a k')
    expect((await refusal()).code).toBe('root_key_invalid')
  })
})

describe('the data directory', () => {
  test('one that a server uses is refused to another, and free again afterwards', async () => {
    await start()
    expect((await refusal()).code).toBe('data_directory_in_use')
    // Nor does another process get in.
    await expect(startChild(directory)).rejects.toThrow(/Another Hallpass server/)
    // The first one has not suffered.
    await signInFounder(createAsk(() => running?.url ?? ''))
    await stop()
    await start()
  })

  test('a database that is newer than the program is refused and stays as it is', async () => {
    await start()
    await stop()
    withDatabase(directory, (database) => database.exec(`insert into migrations values (999, 'tomorrow', 0)`))
    const before = await readFile(join(directory, 'hallpass.db'))
    expect((await refusal()).code).toBe('database_newer_than_program')
    expect((await readFile(join(directory, 'hallpass.db'))).equals(before)).toBe(true)
  })

  test('what is no database is refused', async () => {
    await writeFile(join(directory, 'hallpass.db'), 'this is a letter, and not a database, '.repeat(100))
    expect((await refusal()).code).toBe('database_unreachable')
  })

  test('nothing in it can be read by others', async () => {
    await start()
    for (const name of ['hallpass.db', 'hallpass.db-wal', 'hallpass.lock', 'root.key']) {
      expect((await stat(join(directory, name))).mode & 0o077, name).toBe(0)
    }
  })
})

describe('the first account', () => {
  test.each([
    'jürgen@example.com',
    'two@at@example.com',
    'a@b',
    'dot.@example.com',
    '.dot@example.com',
    'x@-.-',
    'a"b@example.com',
  ])('of the address %s is refused, or can log in', async (email) => {
    const bootstrap = { email, password: founder.password }
    try {
      await start({ bootstrap })
    } catch (error) {
      expect(error).toMatchObject({ code: 'configuration_invalid' })
      return
    }
    await signIn(
      createAsk(() => running?.url ?? ''),
      bootstrap,
    )
  })

  test('is made once: another start changes no password', async () => {
    await start()
    await stop()
    await start({ bootstrap: { email: founder.email, password: 'another long password' } })
    await signInFounder(createAsk(() => running?.url ?? ''))
  })
})

describe('signing keys', () => {
  test('belong to one organisation: swapped in the database, nothing is signed or believed under them', async () => {
    const authority = await startAuthority()
    const { ask } = authority
    try {
      const { token } = await signInFounder(ask)
      const [first, second] = [await createOrganisation(ask, token), await createOrganisation(ask, token)]
      const tokens = [await mint(ask, token, first.slug), await mint(ask, token, second.slug)]
      for (const column of ['wrapped', 'organisation_id'] as const) {
        const swap = () => swapKeys(column, first.internal_numeric_id, second.internal_numeric_id)
        await authority.restart(swap())
        for (const minted of tokens) {
          for (const path of ['/v1/orgs', `/v1/orgs/${first.slug}`, '/v1/tokens/current']) {
            const answer = await ask('GET', path, { token: minted.token })
            // Whose fault it is may be said; what was found may not.
            expect([401, 500], answer.text).toContain(answer.status)
            expect(answer.text).not.toMatch(/unwrap|kid|organisation_id|at .*\.ts/)
          }
        }
        for (const { slug } of [first, second]) {
          const answer = await ask('POST', `/v1/orgs/${slug}/tokens`, { token, body: {} })
          expect(answer.status).toBeGreaterThanOrEqual(400)
          expect(answer.text).not.toContain('fm2_')
        }
        // People are not locked out by it, and all is well once the keys are put back.
        expect(await statusOf(ask, token)).toBe(200)
        await authority.restart(swap())
        for (const minted of tokens) expect(await statusOf(ask, minted.token)).toBe(200)
      }
    } finally {
      await authority.close()
    }
  })
})

function swapKeys(column: 'wrapped' | 'organisation_id', first: number, second: number) {
  return (database: Parameters<Parameters<typeof withDatabase>[1]>[0]): void => {
    const find = database.prepare(
      `select id, ${column} as value from signing_keys where kid in
         (select kid from signing_keys where organisation_id in (?, ?)) order by id`,
    )
    const [a, b] = find.all(first, second)
    if (a === undefined || b === undefined) throw new Error('there are no two keys')
    const set = database.prepare(`update signing_keys set ${column} = ? where id = ?`)
    set.run(b['value'] ?? null, a['id'] ?? null)
    set.run(a['value'] ?? null, b['id'] ?? null)
  }
}
