// Two authorities on one PostgreSQL behind a PgBouncer in transaction mode, which hands every transaction to another connection.
import { rm } from 'node:fs/promises'

import { Client } from 'pg'
import { describe, expect, test } from 'vitest'

import { openPostgresStore } from '../packages/authority/src/store/open.ts'
import { Line, Pool } from '../packages/authority/src/store/postgres-pool.ts'
import { reasonWithoutPgbouncer, startPgbouncer } from '../packages/authority/src/store/testing/pgbouncer.ts'
import { reasonWithoutPostgres, startPostgres } from '../packages/authority/src/store/testing/postgres.ts'
import { insertUser } from '../packages/authority/src/store/testing/seed.ts'
import { createDirectory } from './authority.ts'
import { startChild } from './child.ts'
import { createApp, createOrganisation, mint, signInFounder, statusOf, unique } from './people.ts'

const missing = reasonWithoutPostgres() ?? reasonWithoutPgbouncer()

describe.skipIf(missing !== undefined)(`PgBouncer${missing === undefined ? '' : `, skipped: ${missing}`}`, () => {
  test('answers as PostgreSQL itself does to many requests at once, and is logged once', async () => {
    const server = await startPostgres()
    const bouncer = await startPgbouncer(server)
    const directory = await createDirectory()
    const options = { databaseUrl: bouncer.url, rootKey: Buffer.alloc(32, 7).toString('base64') }
    const one = await startChild(directory, options)
    const other = await startChild(directory, options)
    try {
      const { token } = await signInFounder(one.ask)
      const { slug } = await createOrganisation(one.ask, token)
      const asked = Array.from({ length: 60 }, async (_, at) => {
        const { ask } = at % 2 === 0 ? one : other
        if (at % 3 === 0) return (await ask('GET', `/v1/orgs/${slug}/tokens`, { token })).status
        if (at % 3 === 1) return (await ask('GET', '/v1/orgs', { token })).status
        const body = { org_slug: slug, app_name: unique('app') }
        return (await ask('POST', '/v1/apps', { token, body })).status
      })
      const statuses = await Promise.all(asked)
      expect(statuses.filter((status) => status !== 200 && status !== 201)).toEqual([])
      await createApp(one.ask, token, slug)
      const minted = await mint(other.ask, token, slug)
      expect(await statusOf(one.ask, minted.token)).toBe(200)
      for (const authority of [one, other]) {
        expect(authority.log()).not.toContain('unforeseen')
        expect(authority.log().split('A pooler shares the connections').length - 1).toBe(1)
      }
    } finally {
      await Promise.all([one.end('SIGKILL'), other.end('SIGKILL')])
      await bouncer.stop()
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    }
  })

  test('is noticed also by queries that run again because their look-ups changed', async () => {
    const server = await startPostgres()
    const bouncer = await startPgbouncer(server)
    const warnings: string[] = []
    const store = await openPostgresStore({ url: bouncer.url, warn: (sentence) => void warnings.push(sentence) })
    const other = await openPostgresStore({ url: server.url })
    const holder = new Client({ connectionString: bouncer.url })
    await holder.connect()
    try {
      const { id } = await other.write(insertUser)
      await store.read((tx) => tx.users.byId(id))
      await other.write((tx) => tx.users.prove(id, 2, 'mail'))
      let tries = 0
      const found = await store.read(async (tx) => {
        // From now on somebody else has the connection that has the statements.
        if ((tries += 1) === 2) await holder.query('begin')
        return tx.users.byId(id)
      })
      expect(found?.emailProvenAt).toBe(2)
      expect(tries).toBe(3)
      expect(warnings.filter((sentence) => sentence.includes('pooler'))).toHaveLength(1)
    } finally {
      await holder.end()
      await Promise.all([store.close(), other.close()])
      await bouncer.stop()
      await server.stop()
    }
  })

  test('that takes few connections serves all on those', async () => {
    const server = await startPostgres()
    const bouncer = await startPgbouncer(server, 3)
    const told: unknown[] = []
    const store = await openPostgresStore({ url: bouncer.url, report: (...line) => void told.push(line) })
    try {
      const reads = Array.from({ length: 200 }, () => store.read((tx) => tx.users.exist()))
      expect(new Set(await Promise.all(reads))).toEqual(new Set([false]))
      expect(told).toEqual([])
    } finally {
      await store.close()
      await bouncer.stop()
      await server.stop()
    }
  })

  test('that refuses all of a crowd serves them on one connection', async () => {
    const server = await startPostgres()
    const bouncer = await startPgbouncer(server, 1)
    const open = async () => {
      const line = new Line(bouncer.url, 30_000)
      await line.connect()
      return line
    }
    const failures: unknown[] = []
    try {
      // It often refuses all that come at once, the first one too, but not each time.
      for (let round = 0; round < 10; round += 1) {
        const pool = new Pool(10, open, (reason) => {
          failures.push(reason)
          void pool.end(reason)
        })
        const until = performance.now() + 60_000
        const uses = Array.from({ length: 10 }, async () => pool.give(await pool.take(undefined, until)))
        await Promise.allSettled(uses)
        await pool.end(undefined)
      }
      expect(failures).toEqual([])
    } finally {
      await bouncer.stop()
      await server.stop()
    }
  })
})
