// What machines cost the authority: making them on a real Docker Engine, keeping them, and listing very many.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { furnish, reasonWithoutDockerd, startDockerd, startPostgres, type Dockerd } from '../e2e/open-authority.ts'
import { execute } from './hold-world.ts'
import { residentMemory } from './memory.ts'
import type { Piece, Round, Row, Unit } from './row.ts'
import { startAuthority, type Server } from './server.ts'

interface World {
  /** On SQLite, with two apps: one for machines that run, and one with very many that do not. */
  readonly server: Server
  readonly ask: Ask
  readonly database: string
  /** Undefined where there is none. */
  readonly dockerd: Dockerd | undefined
  /** One on PostgreSQL, with the same engine. */
  readonly postgres: Server | undefined
}

/** Returns the answer, of this status. */
type Ask = (method: 'GET' | 'POST', path: string, status: number, body?: object) => Promise<Response>

const missing = reasonWithoutDockerd()
const share: Unit = { show: (part) => `${(part * 100).toFixed(2)} %` }
const mebibytes: Unit = { show: (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB` }
const crowd = 100
const running = 1000
const listed = 10_000

const path = '/v1/apps/web-0/machines'
const config = {
  image: 'test/busybox:1',
  guest: { cpus: 1, memory_mb: 256 },
  init: { exec: ['sleep', '1000000'] },
  restart: { policy: 'always' },
}

/** What `work` costs the server for each of so many, once it has come to rest. */
async function costOf(server: Server, count: number, work: () => Promise<unknown>) {
  const before = await server.cpu()
  const started = performance.now()
  await work()
  const time = (performance.now() - started) * 1000
  await pause(100)
  return { time, cpu: ((await server.cpu()) - before) / count }
}

async function make(ask: Ask): Promise<string> {
  const { id } = (await (await ask('POST', path, 200, { config })).json()) as { readonly id: string }
  // A wait is a minute at most, which a busy machine may need twice.
  const wait = () => ask('GET', `${path}/${id}/wait?state=started&timeout=60`, 200)
  await (await wait().catch(wait)).text()
  return id
}

const makeOne: Round<World> = ({ server, ask }) => costOf(server, 1, () => make(ask))

const makeCrowd: Round<World> = async ({ server, ask, dockerd }) => {
  const before = await idsOf(ask)
  const made: string[] = []
  const cost = await costOf(server, crowd, async () => {
    made.push(...(await Promise.all(Array.from({ length: crowd }, () => make(ask)))))
  })
  const expected = [...before, ...made].toSorted().join()
  const runs = (await dockerd?.open(await ownerOf(dockerd)).list()) ?? []
  const inEngine = runs.filter(({ state }) => state === 'running').map(({ labels }) => labels['machine'])
  if ((await idsOf(ask)).toSorted().join() !== expected) throw new Error('the list has lost or doubled a machine')
  if (inEngine.toSorted().join() !== expected) throw new Error('the engine has lost or doubled a machine')
  return cost
}

async function idsOf(ask: Ask): Promise<readonly string[]> {
  const machines = (await (await ask('GET', path, 200)).json()) as readonly { readonly id: string }[]
  return machines.map(({ id }) => id)
}

/** The one in whose name the engine has containers. */
async function ownerOf({ client }: Dockerd): Promise<string> {
  const { value } = await client.ask<readonly Container[]>({ path: ['containers', 'json'] })
  return value[0]?.Labels['hallpass.owner'] ?? ''
}

interface Container {
  readonly Labels: Readonly<Record<string, string>>
}

const idle: Round<World> = async ({ server, postgres, ask, database }) => {
  if (postgres === undefined) throw new Error('there is no such server')
  await execute(database, undefined, rowsSql('started', running - (await idsOf(ask)).length, 1))
  const spent = () => Promise.all([server.cpu(), postgres.cpu()])
  const before = await spent()
  const started = performance.now()
  await pause(5000)
  const after = await spent()
  const shareOf = (at: 0 | 1) => (after[at] - before[at]) / 1000 / (performance.now() - started)
  return { sqlite: shareOf(0), postgres: shareOf(1) }
}

/** SQL for machines that only the store knows, for both databases. */
function rowsSql(state: string, count: number, app: number): string {
  return `with recursive numbers (i) as (select 1 union all select i + 1 from numbers where i < ${count})
    insert into machines (id, organisation_id, app_id, name, region, state, version, config, metadata, is_cordoned,
      has_secrets, launches, runs, restarts, tries, last_event_id, started_at, created_at, updated_at)
    select 'row-' || ${app} || '-' || (i + 1000000), 1, ${app}, 'row-' || i, 'local', '${state}', 'v',
      '${JSON.stringify(config)}', '{}', 0, 0, 1, 1, 0, 0, '', 0, 0, 0 from numbers where i <= ${count}`
}

const list: Round<World> = async ({ server, ask }) => {
  const before = residentMemory(server.pid)
  // What was its most before is forgotten.
  writeFileSync(`/proc/${server.pid}/clear_refs`, '5')
  const cost = await costOf(server, 3, async () => {
    for (let read = 0; read < 3; read++) {
      const answer = await ask('GET', '/v1/apps/web-1/machines', 200)
      if (answer.body !== null) for await (const piece of answer.body) void piece
    }
  })
  return { ...cost, memory: residentMemory(server.pid, 'VmHWM') - before }
}

/** None where there is no engine. */
function onEngine(...rows: readonly Row<World>[]): readonly Row<World>[] {
  return missing === undefined ? rows : []
}

const note = missing === undefined ? '' : ` Left out here: ${missing}.`

export const machines: Piece<World> = {
  groups: [
    {
      note: `Machines that sleep, made one after the other on a Docker Engine of its own, each waited for until it runs. Processor time of the authority, all threads, that of both requests counted in; what the engine itself takes is left out.${note}`,
      rounds: 8,
      warmUp: 2,
      rows: onEngine(
        { what: 'one creation: server CPU', how: makeOne, cost: 'cpu', goal: 20_000 },
        { what: 'until it runs', how: makeOne },
      ),
    },
    {
      note: `${crowd} creations at once, until all run. It fails if one is refused, or if the list or the engine has lost or doubled one.${note}`,
      rounds: 1,
      rows: onEngine(
        { what: 'one of them: server CPU', how: makeCrowd, cost: 'cpu', goal: 20_000 },
        { what: 'until all run', how: makeCrowd },
      ),
    },
    {
      note: `Processor time of an authority that nobody asks anything, as a share of one core, over five seconds, while the machines that were made run on the engine, which it watches. The store has more rows of running machines, up to ${running}, that the engine lacks: no engine holds so many here, and it says nothing of those that go on running. On PostgreSQL all are such rows.${note}`,
      rounds: 1,
      rows: onEngine(
        { what: `${running} machines, SQLite`, how: idle, cost: 'sqlite', unit: share, goal: 0.02 },
        { what: `${running} machines, PostgreSQL`, how: idle, cost: 'postgres', unit: share, goal: 0.02 },
      ),
    },
    {
      note: `GET /v1/apps/{app}/machines for ${listed} machines, with their configurations and events, three times by a client that takes what comes: by how much the memory of the server was more at most than before, and the processor time of one list.`,
      rounds: 1,
      rows: [
        { what: 'memory of a long list', how: list, cost: 'memory', unit: mebibytes, goal: 64 * 2 ** 20 },
        { what: 'server CPU', how: list, cost: 'cpu' },
      ],
    },
  ],

  async open(run) {
    const data = run.directory()
    const database = join(data, 'hallpass.db')
    const { tokenHeaders } = await furnish(data, { apps: 2, tokens: 1 })
    await execute(database, undefined, rowsSql('stopped', listed, 2))
    if (missing !== undefined) {
      run.say(`machines that run are left out: ${missing}`)
      const server = await startAuthority(run, data, '--engine', 'none', '--machines-rate', 'none')
      return { server, ask: askOf(server, tokenHeaders), database, dockerd: undefined, postgres: undefined }
    }
    const dockerd = await startDockerd('own')
    run.stack.defer(() => dockerd.stop())
    const flags = ['--engine', `unix://${dockerd.socketPath}`, '--machines-rate', 'none']
    const served = await startPostgres()
    run.stack.defer(() => served.stop())
    const server = await startAuthority(run, data, ...flags)
    const postgres = await startAuthority(run, run.directory(), ...flags, '--database-url', served.url)
    await execute(database, served.url, rowsSql('started', running, 1))
    // Closed before its engine, which it would miss.
    run.stack.defer(() => Promise.all([server.stop(), postgres.stop()]).then(() => {}))
    return { server, ask: askOf(server, tokenHeaders), database, dockerd, postgres }
  },
}

function askOf({ url }: Server, [authorization = '']: readonly string[]): Ask {
  return async (method, path, status, body) => {
    const headers = { authorization, 'content-type': 'application/json' }
    const answer = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    if (answer.status !== status) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`)
    return answer
  }
}
