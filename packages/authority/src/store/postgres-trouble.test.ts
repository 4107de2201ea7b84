// The store over PostgreSQL when the server does not answer, takes no writes, or waits for a standby that is gone.
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import type { ReadTransaction, Store } from '../domain/store.ts'
import { openPostgresStore } from './open.ts'
import { readHosts } from './postgres-hosts.ts'
import { startProxy } from './testing/postgres-proxy.ts'
import { reasonWithoutPostgres, startPostgres, startStandby, type TestPostgres } from './testing/postgres.ts'
import { insertUser } from './testing/seed.ts'

const missing = reasonWithoutPostgres()

describe.skipIf(missing !== undefined)(`PostgreSQL${missing ? `, skipped: ${missing}` : ''}`, () => {
  let server: TestPostgres
  let store: Store
  let reported: string[]

  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.stop())
  afterEach(() => store.close())

  async function start(url = server.url, warn?: (sentence: string) => void, connections = 10): Promise<void> {
    reported = []
    store = await openPostgresStore({
      url,
      connections,
      ...(warn === undefined ? {} : { warn }),
      report: (what, trouble) => void reported.push(`${what} ${trouble?.reason ?? 'go on'}`),
    })
  }

  test('with a standby gone, reads go on, and writes are answered that their outcome is unknown', async () => {
    await start()
    const { email } = await store.write(insertUser)
    await loseStandby()
    // More than there are connections.
    const writes = Array.from({ length: 25 }, () => store.write(insertUser).then(notRefused, refusalOf))
    await expect.poll(() => waitingForStandby()).toBe(10)
    for (let read = 0; read < 50; read++) {
      expect(await store.read((tx) => tx.users.byEmail(email))).toMatchObject({ email })
    }
    const refusals = await Promise.all(writes)
    expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(['unavailable']))
    expect(refusals.filter(({ message }) => message.includes('may have been done'))).toHaveLength(10)
    expect(refusals.filter(({ message }) => message.includes('nothing was changed'))).toHaveLength(15)
    expect(await store.health()).toMatchObject({ reason: 'slow' })
    // No query of them hangs at the server for ever.
    await expect.poll(() => waitingForStandby()).toBe(0)
    await set('synchronous_standby_names = DEFAULT')
    await expect.poll(() => store.health()).toBeUndefined()
    await store.write(insertUser)
    expect(reported).toEqual(['writes slow', 'writes go on'])
  })

  test('a commit whose wait for a standby somebody cuts short is not acknowledged', async () => {
    await start()
    await loseStandby()
    const write = store.write(insertUser).then(() => 'written', refusalOf)
    await expect.poll(() => waitingForStandby()).toBe(1)
    await query(`select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`)
    expect(await write).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('may have been') as string,
    })
    await set('synchronous_standby_names = DEFAULT')
  })

  test('that does not answer any more costs each caller four seconds, and is asked again when it does', async () => {
    const proxy = await startProxy(server)
    await start(proxy.url)
    const { email } = await store.write(insertUser)
    proxy.hold()
    const asked = [store.read((tx) => tx.users.exist()), store.write(insertUser), store.read((tx) => tx.users.exist())]
    for (const answer of await Promise.all(asked.map((one) => one.then(() => 'answered', refusalOf)))) {
      expect(answer).toMatchObject({ code: 'unavailable', retryAfter: 5 })
    }
    expect(await store.health()).toMatchObject({ reason: expect.stringMatching(/slow|unreachable/) as string })
    proxy.resume()
    await expect.poll(() => store.health()).toBeUndefined()
    expect(await store.read((tx) => tx.users.byEmail(email))).toMatchObject({ email })
    expect(reported.filter((line) => line.startsWith('reads'))).toEqual([
      expect.stringMatching(/^reads (slow|unreachable)$/),
      'reads go on',
    ])
    await store.close()
    await proxy.stop()
  })

  test('that cuts all connections is asked again on new ones', async () => {
    const proxy = await startProxy(server)
    await start(proxy.url)
    await store.write(insertUser)
    for (let round = 0; round < 5; round++) {
      const reading = store.read(async (tx) => {
        if (round === proxy.cuts()) proxy.cut()
        return tx.users.exist()
      })
      expect(await reading).toBe(true)
    }
    expect(reported).toEqual([])
    await store.close()
    await proxy.stop()
  })

  test('that ends its connections while they are used refuses, and fails in no other way', async () => {
    await start()
    const { email } = await store.write(insertUser)
    const over = new AbortController()
    const refusals: Refusal[] = []
    const ask = async (): Promise<void> => {
      while (!over.signal.aborted)
        await store.read((tx) => tx.users.byEmail(email)).catch((error: unknown) => refusals.push(refusalOf(error)))
    }
    const asking = Array.from({ length: 12 }, ask)
    for (let time = 0; time < 30; time++) {
      await query(
        `select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and application_name = 'hallpass'`,
      )
    }
    over.abort()
    await Promise.all(asking)
    for (const { code, message } of refusals) {
      expect(code, message).toBe('unavailable')
      expect(message).not.toContain('may have been done')
    }
  })

  test('that ends a connection: those who wait for it are served on a new one', async () => {
    await start(server.url, undefined, 1)
    const { email } = await store.write(insertUser)
    const isThere = (tx: ReadTransaction) => tx.users.byEmail(email).then((user) => user?.email === email)
    const begun = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    const first = store.read(async (tx) => {
      begun.resolve()
      await ended.promise
      return isThere(tx)
    })
    await begun.promise
    const waiting = Array.from({ length: 20 }, () => store.read(isThere))
    await query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'hallpass'`)
    ended.resolve()
    expect(new Set(await Promise.all([first, ...waiting]))).toEqual(new Set([true]))
    expect(reported).toEqual([])
  })

  test('that accepts no new connection: all who wait for one learn it', async () => {
    const proxy = await startProxy(server)
    await start(proxy.url, undefined, 1)
    await store.write(insertUser)
    const begun = Promise.withResolvers<void>()
    const first = store.read(async (tx) => {
      begun.resolve()
      await stopped.promise
      return tx.users.exist()
    })
    const stopped = Promise.withResolvers<void>()
    await begun.promise
    const waiting = Array.from({ length: 20 }, () => store.read((tx) => tx.users.exist()))
    await proxy.stop()
    stopped.resolve()
    const refusals = await Promise.all([first, ...waiting].map((read) => read.then(notRefused, refusalOf)))
    // They do not wait until their time is up: they get the answer as soon as it is known.
    expect(new Set(refusals.map(({ reason }) => reason))).toEqual(new Set(['unreachable']))
  })

  test('that takes no writes says so', async () => {
    await start()
    await query('alter database postgres set default_transaction_read_only = on')
    await query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'hallpass'`)
    await expect.poll(() => store.health()).toMatchObject({ reason: 'read_only' })
    expect(await store.read((tx) => tx.users.exist())).toBe(true)
    expect(await store.write(insertUser).then(() => 'written', refusalOf)).toMatchObject({ code: 'unavailable' })
    await query('begin read write; alter database postgres reset default_transaction_read_only; commit')
    await expect.poll(() => store.health()).toBeUndefined()
    await store.write(insertUser)
  })

  test('that is set to acknowledge writes before they are on its disk does not, and the start says so', async () => {
    await set('synchronous_commit = off')
    const warnings: string[] = []
    await start(server.url, (sentence) => void warnings.push(sentence))
    expect(warnings).toContainEqual(expect.stringContaining('synchronous_commit is off'))
    expect(warnings).toContainEqual(expect.stringContaining('fsync is off'))
    // It waits for a standby only if the commit is synchronous.
    await loseStandby()
    const write = store.write(insertUser).then(() => 'written', refusalOf)
    await expect.poll(() => waitingForStandby()).toBe(1)
    await set('synchronous_standby_names = DEFAULT')
    await set('synchronous_commit = DEFAULT')
    expect(await write).toBe('written')
  })

  test('is found behind a standby that is the first host, and so is its successor when it is gone', async () => {
    const primary = await startPostgres()
    const standby = await startStandby(primary)
    const hosts = [standby, primary].map(({ directory }) => directory).join(',')
    await start(`postgresql://hallpass@localhost/postgres?host=${hosts}&target_session_attrs=read-write`)
    const { email } = await store.write(insertUser)
    await expect.poll(() => query('select 1 from users', standby.url)).toHaveLength(1)
    await primary.kill()
    const lost = await store.write(insertUser).then(() => 'written', refusalOf)
    expect(lost).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('nothing was changed') as string,
    })
    const reasons = new Set<unknown>()
    const ask = async (_: unknown, at: number): Promise<void> => {
      const asked = at % 2 === 0 ? store.read((tx) => tx.users.exist()) : store.write(insertUser)
      reasons.add((await asked.then(notRefused, refusalOf)).reason)
    }
    for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 12 }, ask))
    // Whichever host is asked last: the remaining one is a standby, as before.
    expect([...reasons]).toEqual(['unreachable'])
    expect(reported.toSorted()).toEqual(['reads unreachable', 'writes unreachable'])
    await query('select pg_promote()', standby.url)
    await expect.poll(() => store.health()).toBeUndefined()
    await store.write(insertUser)
    expect(await store.read((tx) => tx.users.byEmail(email))).toMatchObject({ email })
    await store.close()
    await Promise.all([standby.stop(), primary.stop()])
  })

  async function query(sql: string, url = server.url): Promise<unknown[]> {
    const client = new Client({ connectionString: url })
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows
    } finally {
      await client.end()
    }
  }

  async function set(setting: string): Promise<void> {
    const client = new Client({ connectionString: server.url })
    await client.connect()
    // This connection itself waits for no standby.
    await client.query('set synchronous_commit = local')
    await client.query(`alter system set ${setting}`)
    await client.query('select pg_reload_conf()')
    await client.end()
  }

  /** From then on, commits wait. The server needs a moment to read a setting. */
  async function loseStandby(): Promise<void> {
    await set(`synchronous_standby_names = 'gone'`)
    const client = new Client({ connectionString: server.url })
    await client.connect()
    const lost = new AbortController()
    const trying = (async () => {
      await client.query('set synchronous_commit = on')
      while (!lost.signal.aborted) await client.query(`select pg_logical_emit_message(true, 'a commit', '')`)
    })()
    await expect.poll(() => waitingForStandby()).toBe(1)
    lost.abort()
    await query(`select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`)
    await trying
    await client.end()
  }

  async function waitingForStandby(): Promise<number> {
    return (await query(`select 1 from pg_stat_activity where wait_event = 'SyncRep'`)).length
  }
})

describe('the URL of a database', () => {
  test.each([
    ['postgres://u:p@a/db', ['postgres://u:p@a/db'], false],
    [
      'postgres://u:p@a:1,b:2/db?target_session_attrs=read-write&x=y',
      ['postgres://u:p@a:1/db?x=y', 'postgres://u:p@b:2/db?x=y'],
      true,
    ],
    ['postgres://a/db?target_session_attrs=primary', ['postgres://a/db'], true],
    ['postgres://a/db?target_session_attrs=any', ['postgres://a/db'], false],
    [
      'postgres://u@/db?host=a,b&port=1,2',
      ['postgres://u@localhost/db?host=a&port=1', 'postgres://u@localhost/db?host=b&port=2'],
      true,
    ],
  ])('%s is read', (url, urls, wantsPrimary) => {
    expect(readHosts(url)).toMatchObject({ urls, wantsPrimary })
  })

  test.each(['postgres://a/db?target_session_attrs=standby', 'postgres://a:x,b/db', 'postgres://:p@a/db'])(
    '%s is refused',
    (url) => {
      expect(() => readHosts(url)).toThrow(expect.objectContaining({ code: 'configuration_invalid' }) as Error)
    },
  )
})

function notRefused(): never {
  throw new Error('it was not refused')
}

interface Refusal {
  readonly reason?: unknown
  readonly code: unknown
  readonly message: string
  readonly retryAfter: unknown
}

function refusalOf(error: unknown): Refusal {
  return error as Refusal
}
