// The store over PostgreSQL: what every store does, and what is specific to a server.
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'

import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Store } from '../domain/store.ts'
import { migrations } from './migrations.ts'
import { openPostgresStore } from './open.ts'
import { describeStore } from './testing/conformance.ts'
import type { TestDatabase } from './testing/test-database.ts'
import { reasonWithoutPostgres, startPostgres, type TestPostgres } from './testing/postgres.ts'
import { insertOrganisation, insertUser, unique } from './testing/seed.ts'

const missing = reasonWithoutPostgres()

describe.skipIf(missing !== undefined)(`PostgreSQL${missing ? `, skipped: ${missing}` : ''}`, () => {
  let server: TestPostgres | undefined
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(async () => {
    await server?.stop()
  })

  async function createDatabase(): Promise<TestDatabase & { readonly url: string }> {
    if (server === undefined) throw new Error('PostgreSQL has not been started.')
    const name = unique('db').replaceAll('-', '_')
    const base = server.url
    await execute(base, `create database ${name}`)
    const url = base.replace('/postgres?', `/${name}?`)
    return {
      url,
      open: () => openPostgresStore({ url }),
      async hold() {
        const client = new Client({ connectionString: url })
        await client.connect()
        await client.query('begin; lock table migrations in exclusive mode')
        return () => client.end()
      },
      remove: () => execute(base, `drop database ${name} with (force)`),
    }
  }

  async function withStore(work: (store: Store, url: string) => Promise<void>): Promise<void> {
    const database = await createDatabase()
    const store = await database.open()
    await work(store, database.url)
    await store.close()
    await database.remove()
  }

  describeStore('PostgreSQL', createDatabase)

  test('several servers may start at once on an empty database', async () => {
    const database = await createDatabase()
    const stores = await Promise.all(Array.from({ length: 4 }, () => database.open()))
    await Promise.all(stores.map((store) => store.write(insertUser)))
    expect(await query(database.url, 'select count(*)::int as n from migrations')).toEqual([{ n: migrations.length }])
    await Promise.all(stores.map((store) => store.close()))
    await database.remove()
  })

  test('a database that is newer than the program is refused, and stays as it is', async () => {
    const database = await createDatabase()
    await execute(database.url, 'create table migrations (version bigint, name text, applied_at bigint)')
    await execute(database.url, `insert into migrations values (999, 'from the future', 0)`)
    await expect(database.open()).rejects.toMatchObject({
      code: 'database_newer_than_program',
      message: expect.stringMatching(/version 999.* up to \d+/) as string,
    })
    const tables = await query(database.url, `select tablename from pg_tables where schemaname = 'public'`)
    expect(tables).toEqual([{ tablename: 'migrations' }])
    await database.remove()
  })

  test('a server whose database another one upgraded writes nothing from then on, but reads', () =>
    withStore(async (store, url) => {
      await store.write((tx) => tx.settings.set('kept', 'before'))
      const newer = new Client({ connectionString: url })
      await newer.connect()
      // As a migration does it. A write in the middle waits, and then finds the database newer than its program.
      await newer.query('begin')
      await newer.query('lock table migrations in exclusive mode')
      const refusal = {
        code: 'unavailable',
        retryAfter: 5,
        message: expect.stringContaining('older than its database') as string,
      }
      const late = expect(store.write((tx) => tx.settings.set('kept', 'late'))).rejects.toMatchObject(refusal)
      const waits = `select 1 from pg_locks where not granted and relation = 'migrations'::regclass`
      await expect.poll(() => query(url, waits)).toHaveLength(1)
      await newer.query(`insert into migrations values (999, 'from the future', 0)`)
      await newer.query('commit')
      await newer.end()
      await late
      await expect(store.write((tx) => tx.settings.set('kept', 'later'))).rejects.toMatchObject(refusal)
      expect(await store.health()).toMatchObject({ reason: 'outdated' })
      expect(await store.read((tx) => tx.settings.get('kept'))).toBe('before')
    }))

  test('a migration waits for a write in progress', () =>
    withStore(async (store, url) => {
      const migrating = 'begin; lock table migrations in exclusive mode nowait; rollback'
      await store.write(async (tx) => {
        await tx.settings.set('kept', 'x')
        // The transaction begins with the first query.
        await tx.settings.get('kept')
        await expect(execute(url, migrating)).rejects.toMatchObject({
          code: '55P03',
        })
      })
      await execute(url, migrating)
    }))

  test('a write that collides again and again runs alone in the end, and succeeds', () =>
    withStore(async (store, url) => {
      const rival = await openPostgresStore({ url })
      for (const name of ['mine', 'theirs']) await store.write((tx) => tx.settings.set(name, '0'))
      let tries = 0
      await store.write(async (tx) => {
        tries += 1
        await tx.settings.set('mine', String(tries))
        await tx.settings.get('theirs')
        // It commits first, and so wins, unless it must wait.
        const collide = rival.write(
          async (other) => {
            await other.settings.set('theirs', String(tries))
            await other.settings.get('mine')
          },
          { patience: 300 },
        )
        await collide.catch(() => {})
      })
      expect(tries).toBe(6)
      expect(await store.read((tx) => tx.settings.get('mine'))).toBe('6')
      expect(await store.read((tx) => tx.settings.get('theirs'))).toBe('5')
      await rival.close()
    }))

  test('the feed has events in the order of commits: the place of one that is not committed yet is not passed', () =>
    withStore(async (store, url) => {
      const other = new Client({ connectionString: url })
      await other.connect()
      await other.query(`begin; insert into feed_events (at, kind, number) values (1, 'person', 1)`)
      const told = store.write((tx) => tx.users.delete(2, 1)).then(() => 'told')
      const waits = async () => {
        const waiting = `select 1 from pg_locks where relation = 'feed_events'::regclass and not granted`
        while ((await query(url, waiting)).length === 0);
        return 'waits'
      }
      expect(await Promise.race([told, waits()])).toBe('waits')
      expect(await store.read((tx) => tx.feed.after({ id: 0, at: 0 }, 10))).toEqual([])
      await other.query('commit')
      await told
      const events = await store.read((tx) => tx.feed.after({ id: 0, at: 0 }, 10))
      expect(events?.map(({ subject }) => subject.id)).toEqual([1, 2])
      await other.end()
    }))

  test.each([0, 3])(
    'what docs/backup.md runs after a restore makes readers of a feed of %i events forget all',
    (count) =>
      withStore(async (store, url) => {
        const start = await store.read((tx) => tx.feed.end())
        const tell = () => store.write((tx) => tx.users.delete(1, 1))
        for (let told = 0; told < count; told += 1) await tell()
        const end = await store.read((tx) => tx.feed.end())
        const page = await readFile(new URL('../../../../docs/backup.md', import.meta.url), 'utf8')
        await execute(url, /^```sql\n(.*?)^```$/ms.exec(page)?.[1] ?? '')
        await tell()
        for (const position of [start, end]) {
          expect(await store.read((tx) => tx.feed.after(position, 10))).toBeUndefined()
        }
      }),
  )

  test('a page of a list reads a page of its index, even if a table was just loaded and has no statistics', async () => {
    const database = await createDatabase()
    const store = await database.open()
    const { id } = await store.write((tx) => insertOrganisation(tx))
    await execute(database.url, 'alter table tokens set (autovacuum_enabled = false)')
    await execute(
      database.url,
      `insert into tokens (id, organisation_id, profile, name, name_key, created_at, expires_at, revoked_at)
        select uuid_send(gen_random_uuid()), ${id}, 'deploy_organization', 'token ' || n, 'token ' || n, n, 9000 + n,
          case when n % 2 = 0 then 5 end from generate_series(1, 20000) as n`,
    )
    const lists = (['live', 'revoked', 'all'] as const).flatMap((state) =>
      (['expires_at', 'created_at', 'name'] as const).flatMap((sort) =>
        (['asc', 'desc'] as const).map((order) => ({ state, sort, order, search: '', now: 5, limit: 10 })),
      ),
    )
    for (const query of lists) {
      const { items } = await store.read((tx) => tx.tokens.ofOrganisation(id, query))
      expect(items).toHaveLength(10)
    }
    // A connection reports its counts at its end, at the latest.
    await store.close()
    const read = () =>
      query(database.url, `select sum(idx_tup_read)::int as entries from pg_stat_user_indexes where relname = 'tokens'`)
    await expect
      .poll(read)
      .toEqual([{ entries: expect.toSatisfy((entries: number) => entries > 0 && entries < 40_000) as number }])
    await database.remove()
  })

  test('values are read as they were written, the first time that a statement runs and later', () =>
    withStore(async (store) => {
      for (const text of ['', 'plain', 'ö€😀'.repeat(5000), 'plain']) {
        await store.write((tx) => tx.settings.set('kept', text))
        expect(await store.read((tx) => tx.settings.get('kept'))).toBe(text)
        const user = await store.write((tx) => insertUser(tx, { passwordHash: text }))
        expect(await store.read((tx) => tx.users.byEmail(user.email))).toMatchObject({
          id: user.id,
          emailProvenAt: null,
        })
      }
    }))

  test('a write that goes on after a failed query is not acknowledged', () =>
    withStore(async (store) => {
      const write = store.write(async (tx) => {
        await tx.settings.set('kept', 'x')
        await tx.settings.set('with \0 in it', 'x').catch(() => {})
        return 'done'
      })
      await expect(write).rejects.toThrow()
      expect(await store.read((tx) => tx.settings.get('kept'))).toBeUndefined()
    }))

  test('an error that only an outdated answer caused is not reported', () =>
    withStore(async (store, url) => {
      const { id } = await store.write(insertOrganisation)
      const addKey = () =>
        store.write(async (tx) => {
          if ((await tx.organisations.byId(id)) === undefined) return 'no such organization'
          await tx.signingKeys.insert({ ...key, organisationId: id, kid: randomBytes(8) })
          return 'added'
        })
      const key = { wrapped: randomBytes(8), createdAt: 1 }
      expect(await addKey()).toBe('added')
      expect(await addKey()).toBe('added')
      await query(url, `delete from organisations where id = ${id}`)
      expect(await addKey()).toBe('no such organization')
    }))

  test('a lost connection fails the work on it, and nothing else', () =>
    withStore(async (store, url) => {
      const others = `select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'hallpass' and datname = current_database()`
      await store.health()
      // Idle ones, and then one in the middle of a transaction.
      await query(url, others)
      await expect.poll(() => store.health()).toBeUndefined()
      const cut = store.write(async (tx) => {
        await tx.settings.set('cut', 'x')
        await query(url, others)
        await tx.settings.set('cut', 'y')
      })
      await expect(cut).rejects.toThrow()
      await store.write((tx) => tx.settings.set('later', 'x'))
      expect(await store.read((tx) => tx.settings.get('cut'))).toBeUndefined()
    }))
})

describe('a PostgreSQL that cannot be used', () => {
  test('is named without the password', async () => {
    const error: unknown = await openPostgresStore({ url: 'postgres://me:s3cret@127.0.0.1:1/db' }).catch(
      (e: unknown) => e,
    )
    expect(error).toMatchObject({ name: 'StartupError', code: 'database_unreachable' })
    expect(String(error)).toContain('127.0.0.1:1')
    expect(String(error)).not.toContain('s3cret')
  })

  test.each([
    'mysql://a/b',
    'no url',
    'postgres://me:s3/cret@host/db',
    'postgres://me:s3@cr@et/db',
    'postgres://m:s#cret@h/d',
    'postgres://me:s3cret@h/d?sslmode=requird',
  ])('is refused if the URL is %s', async (url) => {
    const error: unknown = await openPostgresStore({ url }).catch((e: unknown) => e)
    expect(error).toMatchObject({ name: 'StartupError', code: 'configuration_invalid' })
    expect(String(error)).not.toContain('cret')
  })
})

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

async function execute(url: string, sql: string): Promise<void> {
  await query(url, sql)
}
