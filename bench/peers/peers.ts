// What a check of a token costs a server, ours and those that a user would pick in our place, in one run on one machine.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { furnish } from '../../e2e/open-authority.ts'
import { readRequests } from '../http.ts'
import { connectLoad, encodeRequest } from '../load.ts'
import { quantile } from '../measure.ts'
import { duration, type Piece, type Round } from '../row.ts'
import { startAuthority } from '../server.ts'
import { betterAuth } from './better-auth.ts'
import { hydra } from './hydra.ts'
import { keycloak } from './keycloak.ts'
import { installations, tokensOfAPeer, type RunningPeer } from './peer.ts'
import { processorTime } from '../processor-time.ts'

interface Target extends RunningPeer {
  /** The requests of a round: half a second of its processor time. */
  count: number
}

type World = ReadonlyMap<string, Target>

const all = [betterAuth, hydra, keycloak]
const installed = all.filter(({ folder, file }) => existsSync(join(installations, folder, file)))
const missing = all.filter((peer) => !installed.includes(peer))

const check =
  (name: string): Round<World> =>
  (world) => {
    const target = world.get(name)
    if (target === undefined) throw new Error(`${name} does not run`)
    return sample(target)
  }
const get = check('GET')
const authenticate = check('authenticate')
const unit = { ...duration, isRate: true }

export const peers: Piece<World> = {
  groups: [
    {
      note: [
        `Processor time of a server for one check of a token, all threads and children, over 32 connections that are kept alive, on the server's own database, with ${tokensOfAPeer} tokens in turn, warmed up until that no longer helps. GET: GET /v1/apps/{app} with an org token, ${tokensOfAPeer} apps in turn. Authenticate: POST /v1/tokens/authenticate, with which another service asks what a token is. The ratio says how many times as much the other takes.`,
        ...installed.map(({ name, meaning }) => `${name}: ${meaning}.`),
        ...missing.map(({ name, folder }) => `${name} is left out: README.md says how to install ${folder}.`),
      ].join('\n\n'),
      rounds: 11,
      warmUp: 1,
      rows: installed.flatMap(({ name }) => {
        const beside = check(name)
        return [
          { what: `GET, beside ${name}`, how: get, beside, unit, goal: 30 },
          { what: `authenticate, beside ${name}`, how: authenticate, beside, unit },
        ]
      }),
    },
  ],

  async open(run) {
    for (const { name, folder } of missing) run.say(`${name} is left out: README.md says how to install ${folder}`)
    const data = run.directory()
    const furniture = await furnish(data, { apps: tokensOfAPeer, tokens: tokensOfAPeer })
    const { pid, url } = await startAuthority(run, data)
    const asking = furniture.tokenHeaders.map((header) =>
      encodeRequest({ method: 'POST', path: '/v1/tokens/authenticate', body: JSON.stringify({ header }) }),
    )
    const world = new Map<string, Target>([
      ['GET', { pid, url, requests: readRequests(furniture, tokensOfAPeer), count: firstCount }],
      ['authenticate', { pid, url, requests: asking, count: firstCount }],
    ])
    for (const { name, folder, start } of installed) {
      run.say(`starting ${name}`)
      world.set(name, { ...(await start(run, join(installations, folder))), count: firstCount })
    }
    for (const [name, target] of world) {
      run.say(`warming up ${name}`)
      await warm(target, run.quick)
    }
    return world
  },
}

const firstCount = 200

/** Microseconds of processor time for one request. New connections, for nobody keeps one through the others' rounds. */
async function sample({ pid, url, requests, count }: Target): Promise<number> {
  const client = await connectLoad(url, 32)
  const before = processorTime(pid)
  await client.run(requests, count, 200)
  const spent = processorTime(pid) - before
  client.close()
  return spent / count
}

/** Until five rounds together are hardly cheaper than the five before them. */
async function warm(target: Target, quick: boolean): Promise<void> {
  let before = Infinity
  for (let fives = 0; fives < (quick ? 1 : 20); fives++) {
    const costs: number[] = []
    for (let round = 0; round < 5; round++) {
      const cost = await sample(target)
      costs.push(cost)
      target.count = Math.ceil((quick ? 100_000 : 500_000) / Math.max(cost, 1))
    }
    if (quantile(costs, 0.5) > before * 0.97) return
    before = quantile(costs, 0.5)
  }
}
