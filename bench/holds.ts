// How long one request holds up everybody else, and what strangers cost: the most expensive known requests of each kind.
import { randomBytes } from 'node:crypto'

import { actions, formatAuthorization, permissionLocation, type Caveat } from '@hallpass/macaroon'

import { bundle, forge, narrow, readMacaroon } from '../e2e/macaroons.ts'
import { startPostgres } from '../e2e/open-authority.ts'
import { withRepeated } from '../e2e/raw-macaroons.ts'
import { askingOften, fillWithCrowd, strangers, type Crowd } from './hold-world.ts'
import { connectLoad, encodeRequest, type LoadClient, type Request } from './load.ts'
import type { Group, Piece, Round, Row } from './row.ts'
import type { Run } from './run.ts'
import { startAuthority, type Server } from './server.ts'

interface World {
  readonly server: Server
  readonly client: LoadClient
  readonly crowd: Crowd
  /** The requests as bytes, made once. */
  readonly encode: (make: Make) => readonly Buffer[]
}

/** One request, or several that are sent in turn. */
type Make = (crowd: Crowd) => Request | readonly Request[]

const slug = 'acme'
const current = '/v1/tokens/current'
const distinct = (count: number) =>
  Array.from({ length: count }, (_, i): Caveat => ({ type: 'Action', mask: 31 + 32 * i }))
const conditional: Caveat = {
  type: 'IfPresent',
  ifs: [{ type: 'Volumes', volumes: new Map([['v', 0]]) }],
  else: actions.any,
}
const graphql = (authorization: string, field: string, times = 1): Request => ({
  method: 'POST',
  path: '/graphql',
  authorization,
  body: JSON.stringify({ query: `{ ${Array.from({ length: times }, (_, i) => `a${i}: ${field}`).join(' ')} }` }),
})
const limitedTokens = `organization(slug: "${slug}") { limitedAccessTokens(first: 1000) { nodes { id } } }`
const members = `organization(slug: "${slug}") { members { nodes { id email } } }`
const narrowedAll = ({ tokens }: Crowd) => bundle(...tokens.map((token) => narrow(token, ...distinct(220))))

const groups: readonly Group<World>[] = [
  {
    note: 'The longest that one request held the event loop, in processor time of its thread. Best of all rounds.',
    rounds: 8,
    best: true,
    rows: [
      held('1,000 tokens of 48 KiB of caveats', ({ token }) => get(`/v1/orgs/${slug}/tokens?limit=1000`, token)),
      held('1,000 audit events of 3,000 characters', ({ user }) => get(`/v1/orgs/${slug}/audit?limit=1000`, user)),
      held('10,000 members', ({ token }) => get(`/v1/orgs/${slug}`, token)),
      held('10,000 apps', ({ token }) => get(`/v1/apps?org_slug=${slug}`, token)),
      held('10,000 apps for 230 tokens', ({ tokens }) =>
        get(
          `/v1/apps?org_slug=${slug}`,
          bundle(...distinct(230).map((caveat, i) => narrow(tokens[i % tokens.length] ?? '', caveat))),
        ),
      ),
      held('32 tokens of 220 caveats', (crowd) => get(current, narrowedAll(crowd))),
      held('8 tokens that ask 64 times each', ({ tokens }) => get(current, askingOften(tokens)), 401),
      held('the same, revoked', ({ dead }) => get(current, askingOften(dead)), 401),
      held('GraphQL: 1,000 tokens, 10 times', ({ token }) => graphql(token, limitedTokens, 10)),
      held('GraphQL: 10,000 members', ({ token }) => graphql(token, members)),
      held('GraphQL: apps, 20 times, for 240 caveats', ({ token }) =>
        graphql(
          formatAuthorization([withRepeated(readMacaroon(token), 120, () => conditional)]),
          'apps(first: 1000) { nodes { id } }',
          20,
        ),
      ),
      held('what a header of 64 KiB holds', (crowd) => ({
        method: 'POST',
        path: '/v1/tokens/authenticate',
        body: JSON.stringify({ header: narrowedAll(crowd) }),
      })),
    ],
  },
  {
    note: 'Processor time of one of 200 requests, one after the other on one connection, that show no valid credential; beside one of as many for /healthz. Both have run 1,600 times before. (For the 900 lines: 60 requests with a connection each, on both sides.) Best of all rounds.',
    rounds: 8,
    warmUp: 8,
    best: true,
    rows: [
      stranger('32 tokens of nobody', () => get(current, strangers(permissionLocation))),
      stranger('32 discharges of nothing', () => get(current, strangers('elsewhere'))),
      stranger('32 times no token', () => get(current, formatAuthorization(times(32, () => randomBytes(1400))))),
      stranger('32 times no base64', () => get(current, `FlyV1 ${times(32, () => `fm2_${'A'.repeat(1800)}!`).join()}`)),
      stranger('60,000 commas', () => get(current, `FlyV1 ${','.repeat(60_000)}`)),
      stranger('a revoked token', ({ dead }) => get(current, dead[0] ?? '')),
      stranger('32 revoked tokens', ({ dead }) => get(current, bundle(...dead))),
      stranger('a token that was never minted', ({ token }) =>
        times(1000, () => get(current, forge(token, { rnd: randomBytes(16) }))),
      ),
      stranger('a forged token', ({ token }) => get(current, narrow(forge(token), ...distinct(5)))),
      stranger('a forged token of 250 caveats', ({ token }) => get(current, narrow(forge(token), ...distinct(250)))),
      stranger('32 forged tokens of 200 caveats', ({ tokens }) =>
        get(current, bundle(...tokens.map((token) => narrow(forge(token), ...distinct(200))))),
      ),
      { what: '900 lines of a head', how: manyLines, beside: healthAlone, goal: 5 },
      stranger('a query of 60 KiB', () => get(`/healthz?${'a=1&'.repeat(15_000)}`), 400),
      stranger(
        '30 fields that nobody asked for',
        () => logIn(Object.fromEntries(times(30, () => [randomBytes(4).toString('hex'), 1]))),
        400,
      ),
      stranger('a login without a password', () => logIn({ email: 'a@example.com' }), 400),
    ],
  },
]

export const holds: Piece<World> = { groups, open: (run) => open(run) }

/** The same on PostgreSQL. */
export const holdsPostgres: Piece<World> = {
  groups: groups.map((group) => ({ ...group, note: `On PostgreSQL. ${group.note}` })),
  async open(run) {
    const postgres = await startPostgres()
    run.stack.defer(() => postgres.stop())
    return open(run, postgres.url)
  },
}

async function open(run: Run, url?: string): Promise<World> {
  const data = run.directory()
  const crowd = await fillWithCrowd(data, url, run.quick ? 1000 : 10_000)
  const server = await startAuthority(run, data, ...(url === undefined ? [] : ['--database-url', url]))
  const client = await connectLoad(server.url, 1)
  run.stack.defer(() => client.close())
  const made = new Map<Make, readonly Buffer[]>()
  const encode: World['encode'] = (make) => {
    const requests = made.get(make) ?? [make(crowd)].flat().map(encodeRequest)
    made.set(make, requests)
    return requests
  }
  return { server, client, crowd, encode }
}

function held(what: string, make: Make, status = 200): Row<World> {
  const how: Round<World> = async ({ server, client, encode }) => {
    await server.hold()
    await client.run(encode(make), 1, status)
    return server.hold()
  }
  return { what, how, goal: 50_000 }
}

/** The status is one of these: it changes when the address is limited. */
function stranger(what: string, make: Make, ...statuses: readonly number[]): Row<World> {
  const expected = statuses.length === 0 ? [401, 429] : statuses
  return { what, how: (world) => cost(world, make, expected), beside: health, goal: 5 }
}

function getHealth(): Request {
  return { path: '/healthz' }
}

function health(world: World): Promise<number> {
  return cost(world, getHealth, [200])
}

function healthAlone(world: World): Promise<number> {
  return costAlone(world, getHealth, 200)
}

function manyLines(world: World): Promise<number> {
  return costAlone(world, getManyLines, 431)
}

function getManyLines(): Request {
  return { path: '/healthz', lines: 'x: y\r\n'.repeat(900) }
}

/** Microseconds of one of 200 requests. */
async function cost({ server, client, encode }: World, make: Make, statuses: readonly number[]): Promise<number> {
  const requests = encode(make)
  const before = await server.cpu()
  await client.run(requests, 200, ...statuses)
  return ((await server.cpu()) - before) / 200
}

/** Microseconds of one of 60 requests with a connection each. */
async function costAlone({ server, encode }: World, make: Make, status: number): Promise<number> {
  const before = await server.cpu()
  for (let sent = 0; sent < 60; sent++) {
    const client = await connectLoad(server.url, 1)
    await client.run(encode(make), 1, status)
    client.close()
  }
  return ((await server.cpu()) - before) / 60
}

function get(path: string, authorization = ''): Request {
  return { path, authorization }
}

function logIn(body: object): Request {
  return { method: 'POST', path: '/v1/sessions', body: JSON.stringify(body) }
}

function times<Made>(count: number, make: () => Made): readonly Made[] {
  return Array.from({ length: count }, make)
}
