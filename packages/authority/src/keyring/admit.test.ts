// On PostgreSQL no root key is made for a database that has one, and no new database is begun for a key that has one.
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { serve, type ServeOptions } from '../main.ts'
import { reasonWithoutPostgres, startPostgres, type TestPostgres } from '../store/testing/postgres.ts'

const missing = reasonWithoutPostgres()

describe.skipIf(missing !== undefined)(`a database${missing === undefined ? '' : `, skipped: ${missing}`}`, () => {
  let server: TestPostgres
  let parent: string
  beforeAll(async () => {
    server = await startPostgres()
    parent = await mkdtemp(join(tmpdir(), 'hallpass-key-'))
    const client = new Client(server.url)
    await client.connect()
    for (const name of ['one', 'two']) await client.query(`create database ${name}`)
    await client.end()
  })
  afterAll(async () => {
    await server.stop()
    await rm(parent, { recursive: true })
  })

  const on = (name: string, directory: string): ServeOptions => ({
    listen: { host: '127.0.0.1', port: 0 },
    dataDirectory: join(parent, directory),
    databaseUrl: server.url.replace('/postgres?', `/${name}?`),
    logLevel: 'silent',
  })

  it('and its root key belong together', async () => {
    await (await serve(on('one', 'first'))).close()
    await expect(serve(on('one', 'second'))).rejects.toMatchObject({ code: 'root_key_mismatch' })
    expect(await readdir(parent)).toEqual(['first'])
    await expect(serve(on('two', 'first'))).rejects.toMatchObject({ code: 'database_missing' })
    await (await serve(on('one', 'first'))).close()
    await chmod(join(parent, 'first'), 0o777)
    await expect(serve(on('one', 'first'))).rejects.toMatchObject({ code: 'data_directory_exposed' })
    await chmod(join(parent, 'first'), 0o700)
    await rm(join(parent, 'first', 'root.key'))
    await (await serve(on('two', 'first'))).close()
  })
})
