// The SQLite store: what every store does, and what is specific to a file.
import { spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync, type StatementSync } from 'node:sqlite'

import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'

import { sqliteWords, sqlOf } from './migration.ts'
import { migrations } from './migrations.ts'
import { openSqliteStore, openStoreBeside } from './open.ts'
import { describeStore } from './testing/conformance.ts'
import { createToken, insertOrganisation, insertUser } from './testing/seed.ts'
import { byEnd } from './testing/tokens.ts'

let parent = ''
let directories = 0
/** Every statement that the stores of this file ran on SQLite. */
const asked = new Set<string>()
const ask: (this: DatabaseSync, sql: string) => StatementSync = Reflect.get(DatabaseSync.prototype, 'prepare')
Reflect.set(DatabaseSync.prototype, 'prepare', function prepare(this: DatabaseSync, sql: string) {
  asked.add(sql)
  return ask.call(this, sql)
})
beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'hallpass-store-'))
})
afterAll(async () => {
  await rm(parent, { recursive: true })
})

/** The path of a data directory that does not exist yet. */
function nextDirectory(): string {
  directories += 1
  return join(parent, String(directories), 'data')
}

describeStore('SQLite', async () => {
  const directory = nextDirectory()
  return {
    open: () => openSqliteStore({ directory }),
    async hold() {
      const other = new DatabaseSync(join(directory, 'hallpass.db'))
      other.exec('BEGIN IMMEDIATE')
      return async () => other.close()
    },
    remove: () => rm(directory, { recursive: true }),
  }
})

test('no statement scans a growing table, whatever statistics there are', async () => {
  const words = /^(?:select|insert|update|delete|with)\b/
  const statements = [...asked].filter((sql) => words.test(sql))
  expect(statements.length).toBeGreaterThan(150)
  const directory = nextDirectory()
  await (await openSqliteStore({ directory })).close()
  const database = new DatabaseSync(join(directory, 'hallpass.db'))
  const scans = () =>
    statements.filter((sql) => {
      const plan = database.prepare(`explain query plan ${sql}`).all()
      return (
        plan.some(({ detail }) => growing.test(String(detail))) &&
        !bounded.some((beginning) => sql.startsWith(beginning))
      )
    })
  expect(scans()).toEqual([])
  database.exec(`create table numbers as
      with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 2000) select n from numbers;
    insert into users (email, password_hash, created_at) select n, '', n from numbers;
    insert into organisations (slug, name, created_at) select n, n, n from numbers;
    insert into memberships select 1, n, 'admin', 1 from numbers;
    insert into memberships select n, 1, 'member', 1 from numbers where n > 1;
    insert into apps (public_id, name, organisation_id, network, created_at) select n, n, 1, 'default', n from numbers;
    insert into machines (id, organisation_id, app_id, name, region, state, version, config, metadata, is_cordoned,
        has_secrets, launches, runs, restarts, tries, last_event_id, created_at, updated_at)
      select n, n % 7, n % 7, n, 'local', 'started', n, '{}', '{}', 0, 1, 1, 1, 0, 0, '', n, n from numbers;
    insert into machine_events (machine_id, id, type, status, source, at)
      select n % 5, n, 'start', 'started', 'flyd', n from numbers;
    insert into volumes (id, organisation_id, app_id, name, region, state, size_gb, made_gb, tries, created_at, updated_at)
      select n, n % 7, n % 7, n, 'local', 'created', 1, 1, 0, n, n from numbers;
    insert into tokens (id, organisation_id, app_id, profile, name, name_key, created_at, expires_at, revoked_at)
      select randomblob(16), 1, 1 + n % 2, 'deploy', 'ci', 'ci', n, n, nullif(n % 2, 0) from numbers;
    insert into audit_events
        (at, organisation_id, operation, outcome, actor_kind, actor_id, actor_label, target, reason, request_id)
      select n, 1, 'token.mint', 'allowed', 'token', n % 3, '', 'token', '', '' from numbers;
    analyze`)
  expect(scans()).toEqual([])
  // LIKE restarts its pattern at every letter of the name.
  expect(statements.filter((sql) => / like /i.test(sql))).toEqual([])
  database.close()
})

// Most invitations were accepted long ago.
const growing =
  /^(?:SCAN (?:users|sessions|cli_logins|passkeys|passkey_challenges|identities|organisations|memberships|invitations|password_resets|apps|machines|machine_versions|machine_events|volumes|app_secrets|signing_keys|tokens|discharge_requests|counted_tries|audit_events)\b|SEARCH invitations USING INDEX invitations_of_organisation)/

// Reads the first rows of a table, up to a limit; and the operator's list of all users.
const bounded = [
  'select "id" from "users" where "deleted_at" is null limit 1',
  'select "id", "email", "created_at" as "createdAt", "email_proven_at" as "emailProvenAt", "email_proven_by"',
  'select min("at") as "eldest" from (select "at" from "audit_events" order by "id" limit',
  'delete from "audit_events" where "id" in (select "id" from (select "id", "at" from "audit_events" order by "id" limit',
]

describe('a data directory', () => {
  test('is made for its owner only', async () => {
    const directory = nextDirectory()
    const store = await openSqliteStore({ directory })
    await store.write(insertUser)
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
    for (const file of ['hallpass.db', 'hallpass.db-wal', 'hallpass.lock']) {
      expect((await stat(join(directory, file))).mode & 0o777).toBe(0o600)
    }
    await store.close()
  })

  test('lets the operator in beside a server, which sees what the operator writes', async () => {
    const directory = nextDirectory()
    await expect(openStoreBeside({ directory })).rejects.toMatchObject({ code: 'database_unreachable' })
    const server = await openSqliteStore({ directory })
    const operator = await openStoreBeside({ directory })
    const { id, email } = await operator.write(insertUser)
    expect(await server.write((tx) => tx.users.byEmail(email))).toMatchObject({ id })
    expect(await operator.read((tx) => tx.users.exist())).toBe(true)
    await operator.close()
    await server.write((tx) => tx.users.setPasswordHash(id, 'changed'))
    await server.close()
  })

  test('is not changed by a program of another version', async () => {
    const directory = nextDirectory()
    await (await openSqliteStore({ directory })).close()
    const database = new DatabaseSync(join(directory, 'hallpass.db'))
    database.exec('delete from migrations where version > 1')
    database.close()
    await expect(openStoreBeside({ directory })).rejects.toMatchObject({ code: 'database_outdated' })
  })

  test('takes one server at a time', async () => {
    const directory = nextDirectory()
    const store = await openSqliteStore({ directory })
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(openSqliteStore({ directory })).rejects.toMatchObject({
        name: 'StartupError',
        code: 'data_directory_in_use',
        message: expect.stringContaining(directory) as string,
      })
    }
    await store.close()
    await (await openSqliteStore({ directory })).close()
  })

  test('can be read by other programs while the server runs', async () => {
    const directory = nextDirectory()
    const store = await openSqliteStore({ directory })
    const user = await store.write(insertUser)
    const other = new DatabaseSync(join(directory, 'hallpass.db'), { readOnly: true })
    expect(other.prepare('select email from users').get()).toEqual({ email: user.email })
    other.close()
    await store.close()
  })

  test('has all writes in the main file soon, while the server runs', async () => {
    const directory = nextDirectory()
    const store = await openSqliteStore({ directory, checkpointEvery: 10 })
    // A transaction is in progress when the first of them are due.
    const user = await store.write(async (tx) => {
      await new Promise((resolve) => setTimeout(resolve, 30))
      return insertUser(tx)
    })
    const copy = join(parent, 'copy.db')
    await expect
      .poll(async () => {
        await writeFile(copy, await readFile(join(directory, 'hallpass.db')))
        using database = new DatabaseSync(copy)
        return database.prepare('select email from users').get()?.['email']
      })
      .toBe(user.email)
    await store.close()
  })

  test('of the first version is migrated, and keeps its content', async () => {
    const directory = nextDirectory()
    await mkdir(directory, { recursive: true })
    const database = new DatabaseSync(join(directory, 'hallpass.db'))
    for (const statement of migrations[0]?.statements(sqliteWords) ?? []) database.exec(sqlOf(statement))
    database.exec(`create table migrations (version integer primary key, name text not null, applied_at integer not null);
      insert into migrations values (1, 'the first', 0);
      insert into organisations (slug, name, created_at) values ('acme', 'Acme', 1);
      insert into tokens (id, organisation_id, profile, name, created_at, expires_at)
        values (x'000102030405060708090a0b0c0d0e0f', 1, 'deploy_organization', 'From BEFORE', 1, 9)`)
    database.close()

    const store = await openSqliteStore({ directory })
    const { items } = await store.read((tx) =>
      tx.tokens.ofOrganisation(1, { ...byEnd, state: 'all', search: 'Before', now: 5, limit: 10 }),
    )
    expect(items).toEqual([expect.objectContaining({ name: 'From BEFORE', caveats: null, revokedAt: null })])
    await store.close()
  })

  test('whose database is newer than the program is refused unchanged', async () => {
    const directory = nextDirectory()
    await (await openSqliteStore({ directory })).close()
    const path = join(directory, 'hallpass.db')
    const database = new DatabaseSync(path)
    database.exec(`insert into migrations values (999, 'from the future', 0)`)
    database.close()
    const before = await readFile(path)
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(openSqliteStore({ directory })).rejects.toMatchObject({
        name: 'StartupError',
        code: 'database_newer_than_program',
        message: expect.stringMatching(/version 999.* up to \d+/) as string,
      })
    }
    expect(await readFile(path)).toEqual(before)
  })

  test('with a damaged page is refused unchanged', async () => {
    const directory = nextDirectory()
    const store = await openSqliteStore({ directory })
    for (let count = 0; count < 50; count++) await store.write(insertUser)
    await store.close()
    const path = join(directory, 'hallpass.db')
    const bytes = await readFile(path)
    bytes.fill(0x5a, bytes.length / 2, bytes.length / 2 + 4096)
    await writeFile(path, bytes)
    await expect(openSqliteStore({ directory })).rejects.toMatchObject({
      code: 'database_damaged',
      message: expect.stringMatching(/hallpass\.db is damaged: .*hallpass restore/) as string,
    })
    expect(await readFile(path)).toEqual(bytes)
    await writeFile(path, bytes.subarray(0, 8192))
    await expect(openSqliteStore({ directory })).rejects.toMatchObject({ name: 'StartupError' })
  })

  test('that cannot be used is refused with a sentence', async () => {
    const directory = nextDirectory()
    await (await openSqliteStore({ directory })).close()
    const path = join(directory, 'hallpass.db')
    await writeFile(path, 'this is no database, and long enough that nobody takes it for an empty one'.repeat(100))
    for (const unusable of [
      directory,
      path,
      join(path, 'data'),
      ...(process.platform === 'linux' ? ['/proc/no/data'] : []),
    ]) {
      await expect(openSqliteStore({ directory: unusable })).rejects.toMatchObject({
        name: 'StartupError',
        code: 'database_unreachable',
        message: expect.stringContaining(unusable) as string,
      })
    }
  })
})

test('a look-up reads no long row on its way: no entry of a table or index with an order is longer than its page', async () => {
  const directory = nextDirectory()
  const store = await openSqliteStore({ directory })
  await store.write(async (tx) => {
    const { id } = await insertOrganisation(tx)
    const names = ['ci', 'n'.repeat(128), '部'.repeat(128)]
    const sizes = [200, 590, 900, 1000, 4000, 49_152]
    const long = { revokedAt: 5, revokedBy: `${'r'.repeat(242)}@example.com`, mintedBy: randomUUID() }
    const minted = sizes.flatMap((size) =>
      names.flatMap((name) => {
        const token = createToken(id, { name, caveats: randomBytes(size) })
        return [token, name.startsWith('部') ? token : { ...token, ...long, id: randomUUID() }]
      }),
    )
    await Promise.all([...new Set(minted)].map((token) => tx.tokens.insert(token)))
  })
  await store.close()
  const database = new DatabaseSync(join(directory, 'hallpass.db'))
  const spilling = database.prepare(`select name from dbstat where pagetype = 'overflow' group by name`).all()
  const inOrder = `select name from sqlite_schema where type = 'index' or sql like '%without rowid'`
  const ordered = database.prepare(inOrder).all()
  database.close()
  expect(spilling).toEqual([{ name: 'token_caveats' }])
  expect(ordered).toContainEqual({ name: 'tokens' })
  expect(ordered).not.toContainEqual({ name: 'token_caveats' })
})

test('work in many steps leaves no large checkpoint to a single write', async () => {
  const directory = nextDirectory()
  const store = await openSqliteStore({ directory })
  const { id } = await store.write((tx) => insertOrganisation(tx))
  const other = new DatabaseSync(join(directory, 'hallpass.db'))
  other.exec(`with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 4000)
    insert into tokens (id, organisation_id, profile, name, name_key, created_at, expires_at)
    select randomblob(16), ${id}, 'deploy', 'ci', 'ci', n, n from numbers; PRAGMA wal_checkpoint(TRUNCATE)`)
  other.close()
  await store.write((tx) => tx.organisations.delete(id))
  for (let more = true; more;) more = await store.write((tx) => tx.leftovers.remove(), { isStep: true })
  // The log starts over after each step; otherwise it would hold all of them.
  expect((await stat(join(directory, 'hallpass.db-wal'))).size).toBeLessThan(3_000_000)
  await store.close()
})

test('a server that is killed loses no write that it acknowledged, and leaves the directory free', async () => {
  const directory = nextDirectory()
  const script = join(inject('programs'), 'acknowledging-writer.js')
  for (const count of [1, 2, 10, 50, 200]) {
    const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
    const acknowledged: string[] = []
    const lines = createInterface(child.stdout).on('line', (id) => acknowledged.push(id))
    await once(lines, 'line')
    await expect(openSqliteStore({ directory })).rejects.toMatchObject({ code: 'data_directory_in_use' })
    while (acknowledged.length < count) await once(lines, 'line')
    child.kill('SIGKILL')
    await once(lines, 'close')

    const store = await openSqliteStore({ directory })
    // A last line that the kill cut short was not acknowledged.
    const whole = acknowledged.filter((id) => id.length === 36)
    const lost = await store.read(async (tx) => {
      const missing: string[] = []
      for (const id of whole) if ((await tx.tokens.byId(id)) === undefined) missing.push(id)
      return missing
    })
    expect(lost).toEqual([])
    expect(whole.length).toBeGreaterThan(0)
    await store.close()
  }
})
