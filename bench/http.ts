// Authorised reads over HTTP, beside bare Fastify with a constant answer of the same JSON.
import { cpSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

import { furnish, type Furniture } from '../e2e/open-authority.ts'
import { connectLoad, encodeRequest, type LoadClient } from './load.ts'
import { inTurn } from './measure.ts'
import { mintRequest } from './mint.ts'
import { perSecond, type Piece, type Round, type Row } from './row.ts'
import { startAuthority, startBareServer, starts, type Server } from './server.ts'

interface Target {
  readonly server: Server
  readonly client: LoadClient
}

interface World {
  /** One of each start. */
  readonly authority: readonly Target[]
  readonly bare: readonly Target[]
  readonly requests: {
    readonly one: readonly Buffer[]
    readonly many: readonly Buffer[]
    readonly cold: readonly Buffer[]
  }
  readonly mint: Buffer
  readonly count: number
}

// Nearly as many as the authority remembers.
const mostRemembered = 20_000

const reads =
  (target: 'authority' | 'bare', variety: keyof World['requests']): Round<World> =>
  (world, round) =>
    sample(inTurn(world[target], round), world.requests[variety], world.count)

/** What a read costs while somebody else mints 50 tokens a second. */
const whileMinting: Round<World> = async ({ authority: authorities, requests, mint, count }, round) => {
  const authority = inTurn(authorities, round)
  const ended = new AbortController()
  const started = performance.now()
  const mints = await Promise.all(Array.from({ length: 5 }, () => connectLoad(authority.server.url, 1)))
  const minting = mints.map(async (client, place) => {
    for (let minted = 0; ; minted++) {
      // By the clock, because timers come late in a busy process.
      await pause(Math.max(0, started + place * 20 + minted * 100 - performance.now()))
      if (ended.signal.aborted) return minted
      await client.run([mint], 1, 201)
    }
  })
  const cost = await sample(authority, requests.many, count)
  const time = (performance.now() - started) * 1000
  ended.abort()
  const minted = (await Promise.all(minting)).reduce((sum, each) => sum + each, 0)
  for (const client of mints) client.close()
  return { ...cost, mint: time / minted }
}

const bareOne = reads('bare', 'one')
const bareMany = reads('bare', 'many')

/** The throughput and the processor time of the same requests. */
function both(
  what: string,
  how: Round<World>,
  beside: Round<World>,
  goals: { readonly time?: number; readonly cpu?: number },
): readonly Row<World>[] {
  return [
    { what, how, beside, unit: perSecond, ...(goals.time && { goal: goals.time }) },
    { what: `${what}: server CPU`, how, beside, cost: 'cpu', ...(goals.cpu && { goal: goals.cpu }) },
  ]
}

export const http: Piece<World> = {
  groups: [
    {
      note: '`hallpass serve` from the built packages: GET /v1/apps/{app} with an org token in the header, over 32 connections that are kept alive. 512 tokens and apps take turns in changing pairs, so that no small cache holds them. 20,000 are nearly as many as the authority remembers. Beside: bare Fastify, which answers the same JSON to the same requests without looking at them (to those of 512 tokens for 20,000 too) and mints nothing. Three starts of both servers take turns, round by round; servers and client are processes of their own. Server CPU: processor time of the server for one request, all threads, that of the mints counted in.',
      rounds: 6 * starts,
      warmUp: starts,
      rows: [
        ...both('one token, one app', reads('authority', 'one'), bareOne, { time: 0.6, cpu: 1.5 }),
        ...both('512 tokens, 512 apps', reads('authority', 'many'), bareMany, { time: 0.6, cpu: 1.8 }),
        ...both('512 tokens, 512 apps, during mints', whileMinting, bareMany, { time: 0.6 }),
        { what: 'these mints: at most 50/s', how: whileMinting, cost: 'mint', unit: perSecond },
        ...both('20,000 tokens, 20,000 apps', reads('authority', 'cold'), bareMany, { cpu: 2.5 }),
      ],
    },
  ],

  async open(run) {
    const data = run.directory()
    const furniture = await furnish(data, { apps: mostRemembered, tokens: mostRemembered })
    const connect = async (server: Server): Promise<Target> => {
      const client = await connectLoad(server.url, 32)
      run.stack.defer(() => client.close())
      return { server, client }
    }
    const copies = Array.from({ length: starts }, () => run.directory())
    for (const copy of copies) cpSync(data, copy, { recursive: true })
    const authority: Target[] = []
    const bare: Target[] = []
    for (const copy of copies) {
      const server = await startAuthority(run, copy)
      authority.push(await connect(server))
      bare.push(await connect(await startBareServer(run, await readAnswer(server, furniture))))
    }
    const requests = {
      one: readRequests(furniture, 1),
      many: readRequests(furniture, 512),
      cold: readRequests(furniture, mostRemembered),
    }
    // Until each has seen all tokens once.
    for (const { client } of [...authority, ...bare]) await client.run(requests.cold, mostRemembered, 200)
    const mint = mintRequest(furniture.organisationSlug, furniture.userHeader)
    return { authority, bare, requests, mint, count: run.quick ? 1000 : 6000 }
  },
}

async function sample({ server, client }: Target, requests: readonly Buffer[], count: number) {
  const before = await server.cpu()
  const time = await client.run(requests, count, 200)
  return { time, cpu: ((await server.cpu()) - before) / count }
}

async function readAnswer({ url }: Server, { appNames, tokenHeaders }: Furniture): Promise<string> {
  const answer = await fetch(`${url}/v1/apps/${appNames[0]}`, { headers: { authorization: tokenHeaders[0] ?? '' } })
  if (answer.status !== 200) throw new Error(`the authority answered ${answer.status}`)
  return answer.text()
}

/** Reads for the first `variety` tokens and apps, in pairs that shift each time round. */
export function readRequests({ tokenHeaders, appNames }: Furniture, variety: number): readonly Buffer[] {
  return Array.from({ length: variety === 1 ? 1 : Math.max(variety, 4096) }, (_, number) => {
    const app = appNames[(number * 7 + Math.floor(number / variety)) % variety] ?? ''
    return encodeRequest({ path: `/v1/apps/${app}`, authorization: tokenHeaders[number % variety] ?? '' })
  })
}
