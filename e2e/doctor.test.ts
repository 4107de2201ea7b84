// `hallpass doctor` finds what is wrong with an installation, beside its server and without it, and changes nothing.
import {
  chmod,
  chown,
  cp,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { reasonWithoutLocal } from '@hallpass/engine/local'

import { startAuthority, type TestAuthority } from './authority.ts'
import { arrive, type Place } from './hallpass.ts'
import { createOrganisation, mint, signInFounder } from './people.ts'

let place: Place
let authority: TestAuthority
let data: string
beforeEach(async () => {
  place = await arrive()
  authority = await startAuthority()
  const { token } = await signInFounder(authority.ask)
  const { slug } = await createOrganisation(authority.ask, token)
  for (let count = 0; count < 20; count += 1) await mint(authority.ask, token, slug)
  data = join(place.directory, 'data')
})
afterEach(async () => {
  await authority.close()
  await place.leave()
})

/** As a stopped server leaves it. */
async function takeOver(): Promise<void> {
  await authority.stop()
  await cp(authority.directory, data, { recursive: true })
  await chmod(data, 0o700)
}

async function examine(directory = data, env: Record<string, string> = {}): Promise<readonly string[]> {
  const { code, stdout, stderr } = await place.runHere(['doctor', '-j', '--engine', 'none', '--data', directory], {
    env,
  })
  const { problems } = JSON.parse(stdout) as { problems: string[] }
  expect([code, stderr], stdout).toEqual(
    problems.length === 0
      ? [0, `Nothing is wrong with ${directory}.\n`]
      : [1, `Error: ${problems.length} found in ${directory}\n`],
  )
  return problems
}

const at = (name: string): string => join(data, name)
const one = (words: RegExp) => [expect.stringMatching(words) as string]

describe('a sound installation', () => {
  test('has nothing to be mended, while its server runs and after it', async () => {
    expect(await examine(authority.directory)).toEqual([])
    await takeOver()
    const before = await contents()
    expect(await examine()).toEqual([])
    expect(await contents()).toEqual(before)
  })

  test('is printed line by line without --json', async () => {
    await takeOver()
    await chmod(data, 0o777)
    const { code, stdout } = await place.runHere(['doctor', '--engine', 'none', '--data', data])
    expect([code, stdout]).toEqual([1, `${data} can be changed by others (mode 777): run "chmod 700 ${data}".\n`])
  })
})

describe('a doctor finds', () => {
  beforeEach(takeOver)

  test('pages that are damaged', async () => {
    const size = (await readFile(at('hallpass.db'))).length
    const file = await open(at('hallpass.db'), 'r+')
    await file.write(Buffer.alloc(4096, 0x5a), 0, 4096, Math.floor(size / 4096 / 2) * 4096)
    await file.close()
    const found = await examine()
    expect(found.length).toBeGreaterThan(0)
    for (const problem of found) expect(problem).toMatch(/hallpass\.db is damaged: .*hallpass restore/)
  })

  test.each([
    ['cut short', 8192],
    ['cut to nothing', 0],
  ])('a file that is %s', async (_, size) => {
    await truncate(at('hallpass.db'), size)
    expect((await examine()).join()).toMatch(size === 0 ? /empty or damaged/ : /damaged/)
  })

  test('a file that cannot be opened, and does not call it damaged: nobody should put a backup in its place', async () => {
    await mkdir(at('hallpass.db-wal'))
    const found = await examine()
    expect(found).toContainEqual(expect.stringMatching(/hallpass\.db cannot be read: unable to open database file\.$/))
    expect(found.join()).not.toMatch(/damaged|restore/)
  })

  test('what others can change or read, and links', async () => {
    await chmod(at('hallpass.db'), 0o644)
    expect(await examine()).toEqual(one(/can be read by others \(mode 644\): run "chmod 600/))
    await chmod(at('hallpass.db'), 0o666)
    expect((await examine())[0]).toMatch(/can be changed by others \(mode 666\): run "chmod 600/)
    await chmod(at('hallpass.db'), 0o600)
    await chmod(at('root.key'), 0o644)
    expect(await examine()).toEqual(one(/root\.key can be read by others/))
    await chmod(at('root.key'), 0o600)
    await rename(at('hallpass.db'), join(place.directory, 'away.db'))
    await symlink(join(place.directory, 'away.db'), at('hallpass.db'))
    expect(await examine()).toEqual(one(/is a symbolic link/))
  })

  test.runIf(process.getuid?.() === 0)(
    'no fault in what belongs to the user of a server, where root asks',
    async () => {
      for (const name of ['.', 'hallpass.db', 'hallpass.lock', 'root.key']) await chown(at(name), 65534, 65534)
      expect(await examine()).toEqual([])
      await place.runHere(['backup', 'b.db', '--data', data])
      const { stderr } = await place.runHere(['restore', 'b.db', '--data', data])
      expect(stderr).toContain('Restored')
      for (const name of ['hallpass.db', 'hallpass.lock']) expect((await stat(at(name))).uid).toBe(65534)
      await chown(at('hallpass.db'), 65533, 65533)
      expect(await examine()).toEqual(one(/belongs to another user \(65533\): run "chown 65534 /))
    },
  )

  test('a root key that is missing, wrong or damaged', async () => {
    const env = { HALLPASS_ROOT_KEY: Buffer.alloc(32).toString('hex') }
    expect(await examine(data, env)).toEqual(one(/another root key/))
    await writeFile(at('root.key'), 'half a k')
    expect(await examine()).toEqual(one(/root\.key holds no root key/))
    await rm(at('root.key'))
    expect(await examine()).toEqual(one(/There is no root key/))
  })

  test('a database that is missing, or of another version', async () => {
    edit(`insert into migrations values (999, 'tomorrow', 0)`)
    expect(await examine()).toEqual(one(/version 999.*use the newer program/))
    edit('delete from migrations where version > 1')
    expect(await examine()).toEqual(one(/version 1, .*start its server/))
    await rm(at('hallpass.db'))
    expect((await examine()).join()).toMatch(/There is no database/)
    expect((await examine(join(place.directory, 'nothing'))).join()).toMatch(/There is no database/)
  })

  test('a clock that is behind, a log without its database, and what killed programs left', async () => {
    edit(`update audit_events set at = at + 3600000 where id = (select max(id) from audit_events)`)
    expect(await examine()).toEqual(one(/clock is 3\d\d\d seconds behind/))
    edit(`update audit_events set at = 0`)
    const tomorrow = new Date(Date.now() + 86_400_000)
    await utimes(at('hallpass.db'), tomorrow, tomorrow)
    expect(await examine()).toEqual(one(/clock is 8\d\d\d\d seconds behind/))
    await utimes(at('hallpass.db'), 1, 1)
    await writeFile(at('root.key.0123456789ab'), '')
    await writeFile(at('hallpass.db.0123456789ab.part'), '')
    expect(await examine()).toEqual([])
    for (const name of ['root.key.0123456789ab', 'hallpass.db.0123456789ab.part']) await utimes(at(name), 1, 1)
    expect(await examine()).toHaveLength(2)
    edit('PRAGMA journal_mode = DELETE')
    await writeFile(at('hallpass.db-wal'), 'an old log')
    expect((await examine()).join()).toMatch(/-wal does not belong to/)
  })
})

describe('what runs machines', () => {
  const noDocker = { DOCKER_HOST: '', XDG_RUNTIME_DIR: '' }
  const look = async (engine: string, env: Record<string, string> = noDocker) =>
    place.runHere(['doctor', '--engine', engine, '--data', authority.directory], { env })

  test('is named with what it lacks, which is nothing wrong', async () => {
    const { code, stdout, stderr } = await look('local')
    const reason = await reasonWithoutLocal()
    if (reason !== undefined) expect([code, stdout]).toEqual([1, `--engine local: ${reason}.\n`])
    else {
      expect([code, stdout]).toEqual([0, ''])
      expect(stderr).toMatch(/^Machines run on bubblewrap \S+; networks of organizations .*\n {2}Machines reach others/)
      expect(stderr).toContain(`Nothing is wrong with ${authority.directory}.`)
    }
  })

  test('is wrong if it does not answer, or is none', async () => {
    expect(await look('unix:///nowhere/d.sock')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        /^Machines cannot run: what --engine unix:\/\/\/nowhere\/d\.sock names does not answer \(.*\)\. See that it runs, and lets the authority in\.\n$/,
      ) as string,
    })
    expect((await look('dokcer')).stdout).toMatch(/^--engine is auto, none, local, docker, /)
    for (const [flag, problem] of [
      ['--pod-network', '--pod-network is isolated or shared.\n'],
      ['--pod-security', '--pod-security is restricted or baseline.\n'],
    ] as const) {
      const { stdout } = await place.runHere(['doctor', '--engine', 'none', flag, 'other', '--data', data])
      expect(stdout).toContain(problem)
    }
    await takeOver()
    edit(`insert or replace into settings (name, value) values ('engine_last', 'docker')`)
    const env = { ...noDocker, DOCKER_HOST: 'unix:///nowhere/d.sock' }
    const { stdout } = await place.runHere(['doctor', '--engine', 'auto', '--data', data], { env })
    expect(stdout).toMatch(/Docker Engine or Podman that ran them does not answer/)
  })
})

function edit(sql: string): void {
  const database = new DatabaseSync(at('hallpass.db'))
  database.exec(sql)
  database.close()
}

async function contents(): Promise<Record<string, string>> {
  const files = (await readdir(data, { withFileTypes: true })).filter((entry) => entry.isFile())
  return Object.fromEntries(
    await Promise.all(files.map(async ({ name }) => [name, (await readFile(at(name))).toString('base64')] as const)),
  )
}
