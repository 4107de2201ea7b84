// The primary is lost under load, and its standby takes its place: nothing that was answered is lost, as far as the replication
// promises it.
import { rm } from 'node:fs/promises'
import { Client } from 'pg'
import { afterEach, describe, expect, test } from 'vitest'

import { serve, type RunningAuthority } from '../packages/authority/src/main.ts'
import { createVerifier } from '../packages/authority/src/operator/verifiers.ts'
import {
  reasonWithoutPostgres,
  startPostgres,
  startStandby,
  type TestPostgres,
} from '../packages/authority/src/store/testing/postgres.ts'
import { createDirectory, optionsFor } from './authority.ts'
import { openFeedStream } from './feed-reader.ts'
import { createAsk, type Ask } from './http.ts'
import { createOrganisation, mint, revoke, signInFounder, statusOf } from './people.ts'

const missing = reasonWithoutPostgres()
const rootKey = Buffer.alloc(32, 7).toString('base64')
const atStop: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of atStop.toReversed()) await stop()
  atStop.length = 0
})

describe.skipIf(missing !== undefined)(
  `two authorities on a primary with a standby${missing ? `, skipped: ${missing}` : ''}`,
  () => {
    test.each(['on', 'remote_apply'])(
      'lose no answered mint or revocation with the primary, where commits wait for the standby: synchronous_commit = %s',
      async (level) => {
        const { primary, standby } = await startPair()
        await set(primary, `synchronous_commit = '${level}'`)
        await set(primary, `synchronous_standby_names = 'standby'`)
        await expect
          .poll(() => query(primary, `select 1 from pg_stat_replication where sync_state = 'sync'`))
          .toHaveLength(1)
        const { asks, directory, databaseUrl, urls } = await startAuthorities([primary, standby])
        const [ask] = asks
        const { token } = await signInFounder(ask)
        const { slug } = await createOrganisation(ask, token)
        const name = 'edge'
        const { secret } = await createVerifier({ dataDirectory: directory, databaseUrl, name, now: Date.now() })
        const feed = await openFeedStream(urls[0], secret.reveal())

        const load = startLoad(asks, token, slug)
        await expect.poll(() => load.revoked.size).toBeGreaterThan(20)
        const { id: reached } = await feed.until(({ tokens = [] }) => tokens.length > 0)
        await primary.kill()
        await query(standby, 'select pg_promote()')
        const before = load.minted.size
        await expect.poll(() => load.minted.size).toBeGreaterThan(before)
        await load.stop()

        // The feed knows its place in the history of the standby too.
        const later = await openFeedStream(urls[1], secret.reveal(), reached)
        expect((await later.until(({ as_of: asOf }) => asOf !== undefined)).reset).toBeUndefined()
        for (const each of [feed, later]) each.close()
        expect(load.revoked.size).toBeGreaterThan(20)
        for (const each of asks) {
          const wrong = await differencesIn(each, load)
          expect(wrong).toEqual({ lost: [], alive: [] })
        }
      },
    )

    test('may lose them where commits wait for nobody, and then a revoked token is good again', async () => {
      const { primary, standby } = await startPair()
      const { asks, directory, databaseUrl, urls } = await startAuthorities([primary, standby])
      const [ask, other] = asks
      const { token } = await signInFounder(ask)
      const { slug } = await createOrganisation(ask, token)
      const verifier = { dataDirectory: directory, databaseUrl, name: 'edge', now: Date.now() }
      const { secret } = await createVerifier(verifier)
      const minted = await mint(ask, token, slug)
      await expect.poll(() => query(standby, 'select 1 from tokens')).toHaveLength(1)
      await set(standby, `primary_conninfo = ''`)
      await expect.poll(() => query(primary, 'select 1 from pg_stat_replication')).toHaveLength(0)
      const late = await mint(ask, token, slug)
      const feed = await openFeedStream(urls[0], secret.reveal())
      await revoke(ask, token, minted.id)
      const { id: reached } = await feed.until(({ tokens = [] }) => tokens.length > 0)
      await primary.kill()
      await query(standby, 'select pg_promote()')
      await expect.poll(() => statusOf(other, minted.token)).toBe(200)
      expect(await statusOf(other, late.token)).toBe(401)
      // Whoever remembers tokens of the lost history forgets everything.
      const later = await openFeedStream(urls[1], secret.reveal(), reached)
      expect(await later.until(() => true)).toMatchObject({ reset: true })
      for (const each of [feed, later]) each.close()
    })
  },
)

interface Load {
  /** Tokens by their ids, as far as somebody was answered that they are minted or revoked. */
  readonly minted: ReadonlyMap<string, string>
  readonly revoked: ReadonlySet<string>
  stop(): Promise<void>
}

/** Mints and revokes at all authorities at once, until it is stopped. What is refused is not counted. */
function startLoad(asks: readonly Ask[], token: string, slug: string): Load {
  const minted = new Map<string, string>()
  const revoked = new Set<string>()
  const over = new AbortController()
  const mintAndRevoke = async (ask: Ask) => {
    while (!over.signal.aborted) {
      const answer = await ask('POST', `/v1/orgs/${slug}/tokens`, { token, body: {} })
      if (answer.status !== 201) continue
      const { id, token: secret } = answer.body as { id: string; token: string }
      minted.set(id, secret)
      if (minted.size % 2 === 0) continue
      if ((await ask('DELETE', `/v1/tokens/${id}`, { token })).status < 300) revoked.add(id)
      // Whether it is revoked is not known.
      else minted.delete(id)
    }
  }
  const callers = asks.flatMap((ask) => Array.from({ length: 4 }, () => mintAndRevoke(ask)))
  return {
    minted,
    revoked,
    async stop() {
      over.abort()
      await Promise.all(callers)
    },
  }
}

/** Tokens that were minted and are not known, or were revoked and are good. */
async function differencesIn(ask: Ask, { minted, revoked }: Load) {
  const statuses = await Promise.all(
    [...minted].map(async ([id, token]) => ({ id, isGood: (await statusOf(ask, token)) === 200 })),
  )
  return {
    lost: statuses.filter(({ id, isGood }) => !isGood && !revoked.has(id)),
    alive: statuses.filter(({ id, isGood }) => isGood && revoked.has(id)),
  }
}

async function startPair() {
  const primary = await startPostgres()
  atStop.push(() => primary.stop())
  const standby = await startStandby(primary)
  atStop.push(() => standby.stop())
  return { primary, standby }
}

async function startAuthorities(servers: readonly TestPostgres[]) {
  const hosts = servers.map(({ directory }) => directory).join(',')
  const databaseUrl = `postgresql://hallpass@localhost/postgres?host=${hosts}&target_session_attrs=read-write`
  const start = async (): Promise<{ directory: string; authority: RunningAuthority }> => {
    const directory = await createDirectory()
    atStop.push(() => rm(directory, { recursive: true, force: true }))
    const authority = await serve({ ...optionsFor(directory), databaseUrl, rootKey })
    atStop.push(() => authority.close())
    return { directory, authority }
  }
  const one = await start()
  const two = await start()
  const asks = [one, two].map(({ authority }) => createAsk(() => authority.url)) as [Ask, Ask]
  return { asks, directory: one.directory, databaseUrl, urls: [one.authority.url, two.authority.url] as const }
}

async function query({ url }: TestPostgres, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

async function set(server: TestPostgres, setting: string): Promise<void> {
  await query(server, `alter system set ${setting}`)
  await query(server, 'select pg_reload_conf()')
}
