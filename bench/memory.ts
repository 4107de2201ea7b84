// What a served authority holds in memory: idle, after many requests, and after its garbage is collected.
import { furnish } from './authority.ts'
import { connectLoad } from './load.ts'
import { requestsOf } from './read-requests.ts'
import type { Piece } from './piece.ts'
import type { Row } from './rows.ts'
import { startAuthority, type Memory } from './server.ts'

export const memory: Piece = async ({ quick, workspace }) => {
  const directory = workspace.directory()
  const furniture = await furnish(directory, { apps: 512, tokens: 512 })
  const server = await startAuthority(workspace, directory, ['--expose-gc'])
  const idle = await server.memory()
  const client = await connectLoad(server.url, 32)
  const count = quick ? 10_000 : 100_000
  await client.run({ requests: requestsOf(furniture, 512), count, status: 200 })
  const busy = await server.memory()
  const collected = await server.collect()
  client.close()
  await server.stop()
  return [
    row('idle', 'The process of a served authority, run from its source, right after it listens.', idle),
    row(
      `after ${count.toLocaleString('en-GB')} requests`,
      'The same after so many authorised GET /v1/apps/{app} over 32 connections, with 512 tokens and 512 apps.',
      busy,
    ),
    row('and a collection', 'The same after its garbage has been collected.', collected),
  ]
}

function row(name: string, meaning: string, { rss, heapUsed }: Memory): Row {
  return { name, meaning, measured: `${mebibytes(rss)} RSS, ${mebibytes(heapUsed)} heap` }
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`
}
