// Durable mints, beside a bare insert of one row that is flushed to the same disk.
import { randomBytes } from 'node:crypto'
import { cpSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { furnish, mintToken, openAuthority, orgToken, type OpenAuthority } from '../e2e/open-authority.ts'
import { fill } from './fill.ts'
import { connectLoad, encodeRequest, type LoadClient } from './load.ts'
import { inTurn, timeEach, timeEachSync } from './measure.ts'
import { perSecond, type Piece, type Round, type Unit } from './row.ts'
import { startAuthority, starts } from './server.ts'

interface World {
  readonly insert: () => void
  readonly authority: OpenAuthority
  /** An authority with 50,000 tokens, and where its write-ahead log is. */
  readonly filled: OpenAuthority
  readonly log: string
  /** One of each start of a server. */
  readonly clients: readonly Readonly<Record<'one' | 'sixteen', LoadClient>>[]
  readonly request: Buffer
}

const pages: Unit = { show: (count) => count.toFixed(1) }
// A page and its head.
const bytesOfAFrame = 4096 + 24

const overHttp =
  (client: 'one' | 'sixteen', count: number): Round<World> =>
  ({ clients, request }, round) =>
    inTurn(clients, round)[client].run([request], count, 201)
const bare = ({ insert }: World) => timeEachSync(50, insert)

export const mint: Piece<World> = {
  groups: [
    {
      note: 'A mint: authenticate a user, perform `token.mint`, wait until the token is durable; then the same through POST /v1/orgs/{slug}/tokens, with server and client in two processes, and three servers in turn. 16 at once: each caller mints again when it is answered. Beside: a bare insert of one row with one secondary index into SQLite (WAL, synchronous=FULL) in the same directory, one transaction each, one after the other.',
      rounds: 11 * starts,
      warmUp: 2 * starts,
      rows: [
        {
          what: 'one at a time',
          how: ({ authority }) => timeMints(authority, 50),
          beside: bare,
          unit: perSecond,
          goal: 0.6,
        },
        {
          what: '16 at once',
          how: ({ authority }) => mintAtOnce(authority, 15),
          beside: bare,
          unit: perSecond,
          goal: 3,
        },
        { what: 'one at a time, over HTTP', how: overHttp('one', 50), beside: bare, unit: perSecond },
        {
          what: '16 at once, over HTTP',
          how: overHttp('sixteen', 240),
          beside: bare,
          unit: perSecond,
        },
      ],
    },
    {
      note: 'The pages that a mint writes to the write-ahead log, among 50,000 tokens of one organization.',
      rounds: 3,
      rows: [
        { what: 'pages of a mint alone', how: (world) => countPages(world, 1), unit: pages, goal: 4 },
        { what: 'pages of each of 16 at once', how: (world) => countPages(world, 16), unit: pages, goal: 1 },
      ],
    },
  ],

  async open(run) {
    const directory = run.directory()
    const insert = openBareTable(join(directory, 'bare.db'))
    const authority = await openAuthority(join(directory, 'authority'))
    run.stack.defer(() => authority.close())
    const clients: World['clients'][number][] = []
    const served = join(directory, 'served')
    const { userHeader, organisationSlug } = await furnish(served, { apps: 0, tokens: 0 })
    for (let started = 0; started < starts; started++) {
      const data = join(directory, `served-${started}`)
      cpSync(served, data, { recursive: true })
      const { url } = await startAuthority(run, data)
      const client = { one: await connectLoad(url, 1), sixteen: await connectLoad(url, 16) }
      run.stack.defer(() => Object.values(client).forEach((each) => each.close()))
      clients.push(client)
    }
    const request = mintRequest(organisationSlug, userHeader)
    // Until the write-ahead logs have been checkpointed once: a growing file takes longer to flush.
    timeEachSync(1000, insert)
    await mintAtOnce(authority, 60)
    for (const { sixteen } of clients) await sixteen.run([request], 1000, 201)
    const { directory: data } = await fill(run, 50_000, 50_000)
    const filled = await openAuthority(data)
    run.stack.defer(() => filled.close())
    return { insert, authority, filled, log: join(data, 'hallpass.db-wal'), clients, request }
  },
}

/** The request that mints an org token with the defaults. */
export function mintRequest(slug: string, authorization: string): Buffer {
  return encodeRequest({ method: 'POST', path: `/v1/orgs/${slug}/tokens`, authorization, body: '{}' })
}

/** Microseconds for one of `count` mints, one after the other. */
export function timeMints({ ask, userHeader }: OpenAuthority, count: number): Promise<number> {
  return timeEach(count, () => ask(userHeader, mintToken, orgToken))
}

/** Microseconds for one mint, while 16 callers mint `each` tokens. */
async function mintAtOnce(authority: OpenAuthority, each: number): Promise<number> {
  const times = await Promise.all(Array.from({ length: 16 }, () => timeMints(authority, each)))
  return Math.max(...times) / 16
}

/** Pages for one of 64 mints, so many at once. */
async function countPages({ filled: { ask, userHeader }, log }: World, callers: number): Promise<number> {
  const database = new DatabaseSync(log.slice(0, -'-wal'.length))
  database.exec('pragma wal_checkpoint(truncate)')
  database.close()
  const mints = 64
  for (let minted = 0; minted < mints; minted += callers) {
    await Promise.all(Array.from({ length: callers }, () => ask(userHeader, mintToken, orgToken)))
  }
  return statSync(log).size / bytesOfAFrame / mints
}

function openBareTable(path: string): () => void {
  const database = new DatabaseSync(path)
  database.exec('pragma journal_mode = wal; pragma synchronous = full')
  database.exec('create table tokens (number integer primary key, id blob not null, name text not null) strict')
  database.exec('create index tokens_by_id on tokens (id)')
  const insert = database.prepare(`insert into tokens (id, name) values (?, 'Org deploy token')`)
  return () => insert.run(randomBytes(16))
}
