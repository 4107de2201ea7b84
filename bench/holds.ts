// How long one request holds up everybody else, and what strangers cost: the most expensive known inputs of each kind.
import { reasonWithoutPostgres, startPostgres } from '../packages/authority/src/store/testing/postgres.ts'
import { fillForHolds, type Input } from './hold-world.ts'
import { connectLoad, encodeRequest, type LoadClient } from './load.ts'
import type { Piece, Run } from './piece.ts'
import { duration, type Row } from './rows.ts'
import { startAuthority, type Server } from './server.ts'

export const holds: Piece = (run) => measure(run)

/** The same on PostgreSQL. */
export const holdsPostgres: Piece = async (run) => {
  const reason = reasonWithoutPostgres()
  if (reason !== undefined) return [{ name: 'all', meaning: `Left out: ${reason}.`, measured: '–' }]
  const postgres = await startPostgres()
  try {
    return await measure(run, postgres.url)
  } finally {
    await postgres.stop()
  }
}

async function measure({ quick, workspace }: Run, url?: string): Promise<readonly Row[]> {
  const directory = workspace.directory()
  const { held, anonymous } = await fillForHolds(directory, url, quick)
  const server = await startAuthority(workspace, directory, url)
  const client = await connectLoad(server.url, 1)
  const rows: Row[] = []
  await server.watch()
  for (const { name, status, ...request } of held) {
    const samples: number[] = []
    for (let round = 0; round < (quick ? 2 : 8); round++) {
      await server.hold()
      await client.run({ requests: encode(request), count: 1, status })
      samples.push(await server.hold())
    }
    const best = Math.min(...samples)
    rows.push({
      name,
      meaning:
        'The longest that the event loop was held by one request, in time of its thread: the best of all rounds.',
      measured: duration(best),
      verdict: { goal: `≤ ${duration(longestHold)}`, met: best <= longestHold },
    })
  }
  const health = { name: '/healthz', status: 200, path: '/healthz' }
  for (const input of anonymous) {
    const ours: number[] = []
    const beside: number[] = []
    // Whoever attacks sends many, and /healthz is asked all the time: neither meets code that has hardly run.
    for (const each of input.ends === true ? [health] : [health, input]) await cost(server, client, each, warmUp)
    for (let round = 0; round < (quick ? 2 : 8); round++) {
      const ask = input.ends === true ? costAlone : cost
      beside.push(await ask(server, client, health))
      ours.push(await ask(server, client, input))
    }
    const ratio = Math.min(...ours) / Math.min(...beside)
    rows.push({
      name: input.name,
      meaning:
        input.ends === true
          ? 'Processor time of a request on a connection of its own, beside one for /healthz: the best of all rounds.'
          : 'Processor time of one of many requests that show no valid credential, one after the other on one connection, ' +
            'beside one of as many for /healthz: the best of all rounds, once both have run 1,500 times.',
      measured: duration(Math.min(...ours)),
      beside: duration(Math.min(...beside)),
      ratio,
      verdict: { goal: `≤ ${mostOfHealth}×`, met: ratio <= mostOfHealth },
    })
  }
  client.close()
  await server.stop()
  return rows
}

/** Microseconds. */
const longestHold = 50_000
const mostOfHealth = 5
const warmUp = 1500

function encode({
  method = 'GET',
  path,
  authorization = '',
  body,
  lines,
}: Omit<Input, 'name' | 'status' | 'ends'>): readonly Buffer[] {
  return [authorization].flat().map((each) => encodeRequest(method, path, each, body, lines))
}

/** Microseconds of one of many requests. */
async function cost(server: Server, client: LoadClient, { status, ...request }: Input, count = 200): Promise<number> {
  const before = await server.cpu()
  await client.run({ requests: encode(request), count, status })
  return ((await server.cpu()) - before) / count
}

/** Microseconds of one of many requests with a connection each. */
async function costAlone(server: Server, _client: LoadClient, { status, ...request }: Input): Promise<number> {
  const count = 60
  const before = await server.cpu()
  for (let sent = 0; sent < count; sent++) {
    const client = await connectLoad(server.url, 1)
    await client.run({ requests: encode(request), count: 1, status })
    client.close()
  }
  return ((await server.cpu()) - before) / count
}
