// What doctor finds in a PostgreSQL database: settings that endanger acknowledged writes, the wrong root key, clocks
// that differ.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { serve } from '../main.ts'
import { reasonWithoutPostgres, startPostgres, type TestPostgres } from '../store/testing/postgres.ts'
import { examine } from './doctor.ts'

const missing = reasonWithoutPostgres()
const rootKey = Buffer.alloc(32, 7).toString('hex')

describe.skipIf(missing !== undefined)(`a PostgreSQL${missing === undefined ? '' : `, skipped: ${missing}`}`, () => {
  let server: TestPostgres
  let dataDirectory: string
  let client: Client
  beforeAll(async () => {
    server = await startPostgres()
    dataDirectory = await mkdtemp(join(tmpdir(), 'hallpass-doctor-'))
    const listen = { host: '127.0.0.1', port: 0 }
    const bootstrap = { email: 'ada@example.com', password: 'a long password' }
    await (
      await serve({ listen, dataDirectory, databaseUrl: server.url, rootKey, bootstrap, logLevel: 'silent' })
    ).close()
    client = new Client(server.url)
    await client.connect()
  })
  afterAll(async () => {
    await client.end()
    await server.stop()
    await rm(dataDirectory, { recursive: true })
  })

  const problemsOf = async (place: Partial<Parameters<typeof examine>[0]>) =>
    (await examine({ dataDirectory, databaseUrl: server.url, now: Date.now(), engine: 'none', env: {}, ...place }))
      .problems
  const found = (now = Date.now(), key: string | undefined = rootKey) => problemsOf({ rootKey: key, now })
  // The test server has fsync off, and doctor says so.
  const noFlush = expect.stringMatching(/^fsync is off.*: set it to on/) as string

  it('is examined', async () => {
    expect(await found()).toEqual([noFlush])
    expect(await found(Date.now(), Buffer.alloc(32).toString('hex'))).toEqual([
      noFlush,
      expect.stringMatching(/another root key/),
    ])
    expect(await problemsOf({})).toEqual([noFlush, expect.stringMatching(/There is no root key/)])
    expect(await found(Date.now() - 3_600_000)).toEqual([
      noFlush,
      expect.stringMatching(/clock is 3\d\d\d seconds behind/),
    ])
  })

  it('reports unsafe settings, a read-only server, another version, and no server', async () => {
    await client.query('alter database postgres set synchronous_commit = off')
    expect(await found()).toContainEqual(expect.stringMatching(/^synchronous_commit is off/))
    await client.query('alter database postgres reset synchronous_commit')
    await client.query('alter database postgres set default_transaction_read_only = on')
    expect(await found()).toContainEqual(expect.stringMatching(/takes no writes/))
    await client.query('alter database postgres reset default_transaction_read_only')
    await client.query(`insert into migrations values (999, 'tomorrow', 0)`)
    expect(await found()).toContainEqual(expect.stringMatching(/version 999/))
    const url = 'postgres://me:s3cret@127.0.0.1:1/db'
    const away = await problemsOf({ databaseUrl: url, rootKey })
    expect(away).toEqual([expect.stringMatching(/^The PostgreSQL database at 127\.0\.0\.1:1 cannot be used/)])
    expect(away.join()).not.toContain('s3cret')
  })
})
