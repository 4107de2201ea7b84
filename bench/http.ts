// Authorised reads over HTTP, compared with bare Fastify and a constant answer of the same JSON.
import { furnish, type Furniture } from './authority.ts'
import { connectLoad, type LoadClient } from './load.ts'
import { interleave, median } from './measure.ts'
import { streamMints } from './mint-stream.ts'
import type { Piece } from './piece.ts'
import { requestsOf } from './read-requests.ts'
import { compareCost, compareThroughput, duration, perSecond, type Row } from './rows.ts'
import { startAuthority, startConstant, type Server } from './server.ts'

export const http: Piece = async ({ quick, workspace }) => {
  const directory = workspace.directory()
  const furniture = await furnish(directory, { apps: pastEveryCache, tokens: pastEveryCache })
  const server = await startAuthority(workspace, directory)
  const constantServer = await startConstant(workspace, await readAnswer(server, furniture))
  const authority = await connect(server)
  const constant = await connect(constantServer)
  const one = requestsOf(furniture, 1)
  const many = requestsOf(furniture, 512)
  const cold = requestsOf(furniture, pastEveryCache)
  const count = quick ? 1000 : 8000
  const mintRates: number[] = []

  await authority.client.run({ requests: many, count: quick ? 4000 : 15_000, status: 200 })
  await constant.client.run({ requests: many, count: quick ? 4000 : 15_000, status: 200 })
  const measured = await interleave(
    {
      constantOne: () => sample(constant, one, count),
      one: () => sample(authority, one, count),
      constantMany: () => sample(constant, many, count),
      many: () => sample(authority, many, count),
      cold: () => sample(authority, cold, count / 2),
      minting: async () => {
        const mints = await streamMints(server.url, furniture, 50)
        const measuredMeanwhile = await sample(authority, many, count)
        mintRates.push(await mints.stop())
        return measuredMeanwhile
      },
    },
    quick ? { rounds: 7, warmUp: 1 } : { rounds: 17, warmUp: 2 },
  )

  authority.client.close()
  constant.client.close()
  await Promise.all([server.stop(), constantServer.stop()])
  return [
    ...rows('one token, one app', meanings.one, measured.one, measured.constantOne, 1.5),
    ...rows('512 tokens, 512 apps', meanings.many, measured.many, measured.constantMany, 1.8),
    ...rows(
      `512 tokens, 512 apps, while ${Math.round(median(mintRates))} mints/s run`,
      meanings.minting,
      measured.minting,
      measured.constantMany,
      undefined,
    ),
    ...rows(
      `${shownPastEveryCache} tokens, ${shownPastEveryCache} apps`,
      meanings.cold,
      measured.cold,
      measured.constantMany,
      2.5,
      null,
    ),
  ]
}

// More than the authority caches of verified headers (10,000) or rows (4,096 of a kind).
const pastEveryCache = 20_000
const shownPastEveryCache = pastEveryCache.toLocaleString('en-GB')

interface Sample {
  readonly time: number
  readonly cpu: number
}

interface Target {
  readonly server: Server
  readonly client: LoadClient
}

const meanings = {
  one: 'GET /v1/apps/{app} with an org token in the header, 32 connections kept alive; beside bare Fastify that answers the same JSON to the same requests without looking at them. Servers and client in three processes.',
  many: 'The same, the requests going round 512 tokens and 512 apps in changing pairs, so that no small cache holds them.',
  cold: 'The same with more tokens and apps than the authority remembers, so that it verifies most signatures and looks up most rows anew; beside the same bare Fastify.',
  minting:
    'The same, while another client mints 50 org tokens a second at the same authority (their CPU time is counted in); beside bare Fastify that mints nothing.',
}

async function connect(server: Server): Promise<Target> {
  return { server, client: await connectLoad(server.url, 32) }
}

async function sample({ server, client }: Target, requests: readonly Buffer[], count: number): Promise<Sample> {
  const before = await server.cpu()
  const time = await client.run({ requests, count, status: 200 })
  return { time, cpu: ((await server.cpu()) - before) / count }
}

async function readAnswer({ url }: Server, { appNames, tokenHeaders }: Furniture): Promise<string> {
  const answer = await fetch(`${url}/v1/apps/${appNames[0]}`, { headers: { authorization: tokenHeaders[0] ?? '' } })
  if (answer.status !== 200) throw new Error(`the authority answered ${answer.status}`)
  return answer.text()
}

function rows(
  name: string,
  meaning: string,
  ours: readonly Sample[],
  beside: readonly Sample[],
  cpuAtMost: number | undefined,
  atLeast: number | null = 0.6,
): readonly Row[] {
  const times = { ours: ours.map(({ time }) => time), beside: beside.map(({ time }) => time) }
  const cpus = { ours: ours.map(({ cpu }) => cpu), beside: beside.map(({ cpu }) => cpu) }
  return [
    compareThroughput({ name, meaning, ...times, show: perSecond }, atLeast ?? undefined),
    compareCost(
      {
        name: `${name}: server CPU`,
        meaning: 'CPU time of the server process for one request of the row above, all threads.',
        ...cpus,
        show: duration,
      },
      cpuAtMost,
    ),
  ]
}
