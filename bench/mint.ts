// Durable mints, compared with a bare insert of one row that is flushed to the same disk.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { mintToken } from '../packages/authority/src/operations/tokens/mint-token.ts'
import { furnish, openAuthority, orgToken, type OpenAuthority } from './authority.ts'
import { connectLoad, encodeRequest, type LoadClient } from './load.ts'
import { interleave, timeEach, timeEachSync } from './measure.ts'
import type { Piece } from './piece.ts'
import { compareThroughput, perSecond } from './rows.ts'
import { startAuthority } from './server.ts'

export const mint: Piece = async ({ quick, workspace }) => {
  const directory = workspace.directory()
  const bare = openBareTable(join(directory, 'bare.db'))
  const authority = await openAuthority(join(directory, 'authority'))
  const served = join(directory, 'served')
  const { userHeader, organisationSlug } = await furnish(served, { apps: 0, tokens: 0 })
  const server = await startAuthority(workspace, served)
  const single = await connectLoad(server.url, 1)
  const many = await connectLoad(server.url, concurrency)
  const request = encodeRequest('POST', `/v1/orgs/${organisationSlug}/tokens`, userHeader, '{}')
  const overHttp = (client: LoadClient, count: number) => client.run({ requests: [request], count, status: 201 })

  // Until the write-ahead logs have been checkpointed once, because a growing file takes longer to flush.
  timeEachSync(1000, bare.insert)
  await mintAtOnce(authority, concurrency, 60)
  await overHttp(many, 1000)
  const measured = await interleave(
    {
      bare: () => timeEachSync(50, bare.insert),
      one: () => timeEach(50, () => mintOne(authority)),
      sixteen: () => mintAtOnce(authority, concurrency, 15),
      httpOne: () => overHttp(single, 50),
      httpSixteen: () => overHttp(many, concurrency * 15),
    },
    quick ? { rounds: 10, warmUp: 2 } : { rounds: 60, warmUp: 10 },
  )

  single.close()
  many.close()
  await server.stop()
  await authority.close()
  bare.close()
  const beside = { beside: measured.bare, show: perSecond }
  return [
    compareThroughput({ ...beside, name: 'one mint at a time', meaning: meanings.one, ours: measured.one }, 0.6),
    compareThroughput({ ...beside, name: '16 mints at once', meaning: meanings.sixteen, ours: measured.sixteen }, 3),
    compareThroughput({ ...beside, name: 'one at a time, over HTTP', meaning: meanings.http, ours: measured.httpOne }),
    compareThroughput({ ...beside, name: '16 at once, over HTTP', meaning: meanings.http, ours: measured.httpSixteen }),
  ]
}

const concurrency = 16

const meanings = {
  one: 'Authenticate a user, perform token.mint, wait until it is durable; beside a bare insert of one row with one secondary index into SQLite (WAL, synchronous=FULL), one transaction each, in the same directory.',
  sixteen:
    'The same with 16 callers, each of which mints again as soon as it is answered; beside the same bare insert, one after the other.',
  http: 'The same through POST /v1/orgs/{slug}/tokens, server and client in two processes; beside the same bare insert.',
}

function mintOne({ ask, userHeader }: OpenAuthority): Promise<unknown> {
  return ask(userHeader, mintToken, orgToken)
}

/** Microseconds for one mint, while `callers` mint `each` tokens. */
async function mintAtOnce(authority: OpenAuthority, callers: number, each: number): Promise<number> {
  const started = performance.now()
  await Promise.all(Array.from({ length: callers }, () => timeEach(each, () => mintOne(authority))))
  return ((performance.now() - started) / (callers * each)) * 1000
}

function openBareTable(path: string): { readonly insert: () => void; readonly close: () => void } {
  const database = new DatabaseSync(path)
  database.exec('pragma journal_mode = wal; pragma synchronous = full')
  database.exec('create table tokens (number integer primary key, id blob not null, name text not null) strict')
  database.exec('create index tokens_by_id on tokens (id)')
  const insert = database.prepare(`insert into tokens (id, name) values (?, 'Org deploy token')`)
  return { insert: () => insert.run(randomBytes(16)), close: () => database.close() }
}
