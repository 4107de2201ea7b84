// Databases of earlier versions are brought up to date on both engines, even if the program is killed at each step.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'

import type { Store } from '../domain/store.ts'
import { postgresWords, sqliteWords, sqlOf, type EngineWords } from './migration.ts'
import { migrations } from './migrations.ts'
import { openPostgresStore, openSqliteStore } from './open.ts'
import { reasonWithoutPostgres, startPostgres, type TestPostgres } from './testing/postgres.ts'
import { unique } from './testing/seed.ts'
import { byEnd } from './testing/tokens.ts'

/** The number of migrations that were shipped first. */
const shipped = 8

/** Rows in every table of a version, as SQL that both engines take. `bytes` writes a blob. */
function rowsOf(version: number, bytes: (hex: string) => string): string[] {
  const hash = (digit: string) => bytes(digit.repeat(64))
  const rows = [
    `insert into settings values ('kept', 'as it was')`,
    `insert into users (email, password_hash, created_at) values ('ada@example.com', 'x', 1), ('bob@example.com', 'x', 1)`,
    `insert into sessions (user_id, token_hash, created_at, expires_at) values (1, ${hash('1')}, 1, 99)`,
    `insert into setup_code values (1, ${hash('2')}, 1, 99)`,
    `insert into organisations (slug, name, personal_of, created_at) values ('acme', 'Acme', null, 1), ('ada', 'Ada', 1, 1)`,
    `insert into memberships values (1, 1, 'admin', 1), (2, 1, 'admin', 1)`,
    `insert into invitations (organisation_id, email, role, code_hash, created_by, created_at, expires_at)
      values (1, 'new@example.com', 'member', ${hash('3')}, 1, 1, 99)`,
    `insert into apps (public_id, name, organisation_id, network, created_at) values ('p1', 'web', 1, 'default', 1)`,
    `insert into signing_keys (kid, organisation_id, wrapped, created_at) values (${hash('4')}, 1, ${hash('5')}, 1)`,
    `insert into audit_events
      (at, organisation_id, operation, outcome, actor_kind, actor_id, actor_label, target, reason, request_id)
      values (1, 1, 'app.create', 'allowed', 'user', '1', 'ada@example.com', 'app web', '', 'r')`,
  ]
  const key = version < 6 ? '' : ', name_key'
  for (const [at, name] of ['From BEFORE', 'ÄRGER', 'Plain'].entries()) {
    // As the engines folded it themselves.
    const folded = name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
    rows.push(`insert into tokens (id, organisation_id, app_id, profile, name, created_by, created_at, expires_at${key})
      values (${bytes(`${at}`.repeat(32))}, 1, ${at === 2 ? 1 : 'null'}, 'deploy_organization', '${name}', 1, 1, 99
      ${key === '' ? '' : `, '${folded}'`})`)
  }
  if (version < shipped) return rows
  return [
    ...rows,
    ...sizes.map(
      (size, at) => `insert into tokens (id, organisation_id, profile, name, created_at, expires_at, caveats)
        values (${bytes(`9${String(at).padStart(31, '0')}`)}, 2, 'deploy', 'Narrow', 1, 99, ${bytes('c0'.repeat(size))})`,
    ),
    `insert into cli_logins (id_hash, name, requested_from, state, created_at, expires_at, approved_by)
      values (${hash('6')}, 'laptop', '192.0.2.1', 'state', 1, 99, 1)`,
    `insert into discharge_requests (person_hash, poll_hash, token_id, user_id, organisation_id, ticket, state,
      requested_from, created_at, expires_at)
      values (${hash('7')}, ${hash('8')}, ${bytes('0'.repeat(32))}, 1, 1, ${hash('9')}, 'pending', '192.0.2.1', 1, 99)`,
    `insert into passkeys (user_id, credential_id, public_key, sign_count, transports, name, created_at)
      values (1, ${hash('a')}, ${hash('b')}, 0, 'usb', 'key', 1)`,
    `insert into passkey_challenges (handle, challenge_hash, user_id, expires_at) values (${hash('c')}, ${hash('d')}, 1, 99)`,
    `insert into identities values ('https://id.example.com', 'subject', 1, 1)`,
  ]
}

/** Sizes of caveats: short ones, and more long ones than one step moves. */
const sizes = [100, 590, ...Array.from({ length: 20 }, (_, at) => 1000 * (at + 1))]

/** More tokens than are filled between two reports of progress. */
function manyTokens({ bytes }: EngineWords): string {
  return `insert into tokens (id, organisation_id, profile, name, created_at, expires_at)
    with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 51000)
    select cast('t' || n as ${bytes}), 2, 'deploy', 'Many', 1, 99 from numbers`
}

/** What a program writes that does not know names folded for searches. */
function tokenBetween(place: number, bytes: (hex: string) => string): string {
  return `insert into tokens (id, organisation_id, profile, name, created_at, expires_at)
    values (${bytes(`ff${String(place).padStart(30, '0')}`)}, 1, 'deploy', 'BETWEEN', 1, 99)`
}

function statementsUpTo(version: number, words: EngineWords): string[] {
  const { integer, text } = words
  return [
    `create table migrations (version ${integer} primary key, name ${text} not null, applied_at ${integer} not null)`,
    ...migrations
      .slice(0, version)
      .flatMap((migration) => [
        ...migration.statements(words).map(sqlOf),
        `insert into migrations values (${migration.version}, '${migration.name}', 1)`,
      ]),
  ]
}

async function expectUpToDate(store: Store, version: number, between = 0): Promise<void> {
  while (await store.write((tx) => tx.leftovers.remove()));
  await store.read(async (tx) => {
    expect(await tx.settings.get('kept')).toBe('as it was')
    expect(await tx.users.byEmail('ada@example.com')).toMatchObject({ id: 1, passwordHash: 'x' })
    expect(await tx.sessions.byId(1)).toMatchObject({ userId: 1, expiresAt: 99 })
    expect((await tx.organisations.ofUser(1)).map(({ organisation }) => organisation.slug)).toEqual(['acme', 'ada'])
    expect(await tx.invitations.pending(1, 5)).toHaveLength(1)
    expect(await tx.apps.byName('web')).toMatchObject({ organisation: { slug: 'acme' } })
    expect(await tx.signingKeys.newest(1)).toMatchObject({ organisationId: 1 })
    expect((await tx.audit.ofOrganisation(1, { limit: 9 })).items).toHaveLength(1)
    expect(await tx.passkeys.ofUser(1)).toHaveLength(version < shipped ? 0 : 1)
    // Found in any case, however the engine itself folded the name.
    for (const [search, name] of Object.entries({ before: 'From BEFORE', ärger: 'ÄRGER', PLAIN: 'Plain' })) {
      const { items } = await tx.tokens.ofOrganisation(1, { ...byEnd, state: 'live', search, now: 5, limit: 9 })
      expect(items.map((token) => [token.name, token.createdByEmail, token.revokedAt])).toEqual([
        [name, 'ada@example.com', null],
      ])
    }
    const { items } = await tx.tokens.ofOrganisation(1, {
      ...byEnd,
      state: 'live',
      search: 'between',
      now: 5,
      limit: 99,
    })
    expect(items).toHaveLength(between)
    const narrow = { ...byEnd, order: 'asc', state: 'live', search: 'narrow', now: 5, limit: 99 } as const
    const found = version < shipped ? [] : (await tx.tokens.ofOrganisation(2, narrow)).items
    expect(found.map(({ caveats }) => caveats?.length)).toEqual(version < shipped ? [] : sizes)
    expect(await tx.leftovers.exist()).toBe(false)
  })
}

/** Whether it was killed. */
async function upgrade(kind: 'directory' | 'url', place: string, steps: number): Promise<boolean> {
  const script = join(inject('programs'), 'upgrading.js')
  const child = spawn(process.execPath, [script, kind, place, String(steps)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  expect(signal === 'SIGKILL' || code === 0).toBe(true)
  return signal === 'SIGKILL'
}

/** Kills it in the first step, then in each next one, and writes in between. Returns the number of kills. */
async function upgradeKilled(
  kind: 'directory' | 'url',
  place: string,
  most: number,
  write: (time: number) => void | Promise<void>,
): Promise<number> {
  let times = 0
  while (times < most && (await upgrade(kind, place, times === 0 ? 0 : 1))) await write(times++)
  expect(times).toBeGreaterThanOrEqual(Math.min(most, migrations.length - shipped))
  return times
}

test('no migration step that takes longer with more rows locks them all', () => {
  for (const { version, statements } of migrations.slice(1)) {
    for (const words of [sqliteWords, postgresWords]) {
      for (const statement of statements(words)) {
        if (typeof statement !== 'string') continue
        expect(statement, `migration ${version}: see fillTokens and index`).not.toMatch(
          /^(?:update|delete from|create (?:unique )?index \w+ on) (?:tokens|audit_events)\b/,
        )
      }
    }
  }
})

test('no migration that was shipped is changed', () => {
  const statements = [sqliteWords, postgresWords].map((words) => statementsUpTo(shipped, words))
  const text = JSON.stringify(statements.map((all) => all.map((statement) => statement.replaceAll(/\s+/g, ' '))))
  expect(createHash('sha256').update(text).digest('hex')).toBe(
    'fd10bb365fac108e25e3fb2c0059831b4ebfec32194c27644a1ebf59d68b0943',
  )
})

/** With the number of kills: until nothing is left, or up to the version that the next one begins with. */
const versions = [
  [1, 20],
  [shipped, 50],
] as const

describe('over SQLite', () => {
  test.each(versions)('a database of version %i, killed at each step', { timeout: 600_000 }, async (version, most) => {
    const directory = await mkdtemp(join(tmpdir(), 'hallpass-upgrade-'))
    const database = new DatabaseSync(join(directory, 'hallpass.db'))
    const rows = rowsOf(version, (hex) => `x'${hex}'`)
    const many = version < 6 ? [manyTokens(sqliteWords)] : []
    for (const statement of [...statementsUpTo(version, sqliteWords), ...rows, ...many]) database.exec(statement)
    database.close()

    const times = await upgradeKilled('directory', directory, most, (time) => {
      if (version >= 6) return
      const beside = new DatabaseSync(join(directory, 'hallpass.db'))
      beside.exec(tokenBetween(time, (hex) => `x'${hex}'`))
      beside.close()
    })
    const store = await openSqliteStore({ directory })
    await expectUpToDate(store, version, version < 6 ? times : 0)
    await store.close()
    expect(schemaOf(directory)).toEqual(await freshSchema())
    using after = new DatabaseSync(join(directory, 'hallpass.db'))
    expect(Object.values(after.prepare(countLong).get() ?? {})).toEqual([0])
    await rm(directory, { recursive: true })
  })
})

/** The number of tokens with so many caveats in their rows that a look-up of another token would read them. */
const countLong = 'select count(*) from tokens where octet_length(caveats) > 600'

async function freshSchema(): Promise<unknown[]> {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-upgrade-'))
  await (await openSqliteStore({ directory })).close()
  const schema = schemaOf(directory)
  await rm(directory, { recursive: true })
  return schema
}

function schemaOf(directory: string): unknown[] {
  const database = new DatabaseSync(join(directory, 'hallpass.db'))
  const rows = database.prepare('select type, name, sql from sqlite_schema order by type, name').all()
  database.close()
  return rows
}

const missing = reasonWithoutPostgres()

describe.skipIf(missing !== undefined)(`over PostgreSQL${missing ? `, skipped: ${missing}` : ''}`, () => {
  let server: TestPostgres | undefined
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(async () => {
    await server?.stop()
  })

  test.each(versions)('a database of version %i, killed at each step', { timeout: 600_000 }, async (version, most) => {
    if (server === undefined) throw new Error('PostgreSQL has not been started.')
    const url = await createDatabase(server.url, version, version < 6 ? [manyTokens(postgresWords)] : [])
    const times = await upgradeKilled('url', url, most, async (time) => {
      if (version < 6) await execute(url, [tokenBetween(time, hexOf)])
    })
    const store = await openPostgresStore({ url })
    await expectUpToDate(store, version, version < 6 ? times : 0)
    await store.close()
    expect(await postgresSchema(url)).toEqual(await postgresSchema(await createDatabase(server.url, 0)))
    expect(await countOf(url, countLong)).toBe(0)
  })

  test('an index whose creation was interrupted is made again', async () => {
    if (server === undefined) throw new Error('PostgreSQL has not been started.')
    const url = await createDatabase(server.url, shipped)
    // Not unique: what is left is an index that is never used.
    const making = execute(url, ['create unique index concurrently tokens_of_minter on tokens (organisation_id)'])
    await expect(making).rejects.toThrow()
    await (await openPostgresStore({ url })).close()
    expect(await postgresSchema(url)).toEqual(await postgresSchema(await createDatabase(server.url, 0)))
  })

  test('if several servers start at once, one takes each step, and all serve', async () => {
    if (server === undefined) throw new Error('PostgreSQL has not been started.')
    const url = await createDatabase(server.url, 5)
    const reported: string[] = []
    const open = () => openPostgresStore({ url, progress: (sentence) => void reported.push(sentence) })
    for (const store of await Promise.all([open(), open(), open()])) {
      expect(await store.read((tx) => tx.settings.get('kept'))).toBe('as it was')
      await store.close()
    }
    expect(new Set(reported).size).toBe(reported.length)
    expect(await postgresSchema(url)).toEqual(await postgresSchema(await createDatabase(server.url, 0)))
  })

  test.each([
    ['drops no index', 'tables and columns (part 3', 1],
    ['makes no index', 'index tokens_of_organisation_live', 0],
  ])('a program that stood still until it had lost its turn %s', async (_, step, indexes) => {
    if (server === undefined) throw new Error('PostgreSQL has not been started.')
    const url = await createDatabase(server.url, 5)
    const progress = (sentence: string): void => {
      // Blocks the event loop, so that the program does not notice before the next step begins.
      if (sentence.includes(step))
        spawnSync(process.execPath, ['--input-type=module', '-e', endTurn, url], { cwd: here })
    }
    await expect(openPostgresStore({ url, progress })).rejects.toThrow(/cannot be used/)
    const client = new Client({ connectionString: url })
    await client.connect()
    expect((await client.query(`select from pg_class where relname = 'tokens_of_organisation_live'`)).rowCount).toBe(
      indexes,
    )
    await client.end()
    await (await openPostgresStore({ url })).close()
    expect(await postgresSchema(url)).toEqual(await postgresSchema(await createDatabase(server.url, 0)))
  })

  test('nobody waits behind an upgrade that waits for a long read', async () => {
    if (server === undefined) throw new Error('PostgreSQL has not been started.')
    const url = await createDatabase(server.url, 5)
    const [long, other] = [new Client({ connectionString: url }), new Client({ connectionString: url })]
    await Promise.all([long.connect(), other.connect()])
    await long.query('begin; select count(*) from tokens')
    const opening = openPostgresStore({ url })
    // As soon as the upgrade waits for the lock, and again when it waits the next time.
    for (let time = 0; time < 2; time++) {
      const waiting = () => other.query(`select 1 from pg_locks where mode = 'AccessExclusiveLock' and not granted`)
      await expect.poll(async () => (await waiting()).rowCount).toBe(1)
      expect((await other.query('select id from tokens')).rowCount).toBe(3)
    }
    await long.query('commit')
    await (await opening).close()
    await Promise.all([long.end(), other.end()])
  })
})

const here = import.meta.dirname

/** A program that ends the connection that holds the turn to upgrade the database. */
const endTurn = `import { Client } from 'pg'
  const client = new Client({ connectionString: process.argv[1] })
  await client.connect()
  await client.query(\`select pg_terminate_backend(pid, 5000) from pg_locks where locktype = 'advisory' and objid = 4280527
    and database = (select oid from pg_database where datname = current_database())\`)
  await client.end()`

/** A database of a version, with rows. Version 0 means a database that the program has made itself. */
async function createDatabase(server: string, version: number, more: readonly string[] = []): Promise<string> {
  const name = unique('db').replaceAll('-', '_')
  const url = server.replace('/postgres?', `/${name}?`)
  await execute(server, [`create database ${name}`])
  if (version > 0) await execute(url, [...statementsUpTo(version, postgresWords), ...rowsOf(version, hexOf), ...more])
  else await (await openPostgresStore({ url })).close()
  return url
}

function hexOf(hex: string): string {
  return String.raw`'\x${hex}'::bytea`
}

async function postgresSchema(url: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const queries = [
    `select table_name, column_name, column_default, data_type, is_nullable, collation_name
      from information_schema.columns where table_schema = 'public' order by table_name, ordinal_position`,
    `select indexdef, indisvalid from pg_indexes join pg_index on indexrelid = indexname::regclass
      where schemaname = 'public' order by indexname`,
    `select conname, pg_get_constraintdef(oid) as definition from pg_constraint
      where connamespace = 'public'::regnamespace order by conrelid::regclass::text, conname`,
  ]
  const rows: unknown[] = []
  for (const query of queries) rows.push(...(await client.query<Record<string, unknown>>(query)).rows)
  await client.end()
  return rows
}

async function countOf(url: string, query: string): Promise<number> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ count: string }>(query)
  await client.end()
  return Number(rows[0]?.count)
}

async function execute(url: string, statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}
