// An organisation with the maximum of everything, and the most expensive requests of its people, its tokens and
// strangers.
import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { Client } from 'pg'

import { actions, formatAuthorization, type Caveat } from '../packages/macaroon/src/index.ts'
import { encodeCaveats } from '../packages/macaroon/src/internal.ts'
import { decodeMacaroon } from '../packages/macaroon/src/macaroon.ts'
import { MsgpackWriter } from '../packages/macaroon/src/msgpack-writer.ts'
import { makeNonce, type Nonce } from '../packages/macaroon/src/nonce.ts'
import { sealBox } from '../packages/macaroon/src/sealed.ts'
import { firstTail, nextTail } from '../packages/macaroon/src/tail.ts'
import { parseAuthorization } from '../packages/macaroon/src/text.ts'
import type { NewToken } from '../packages/authority/src/domain/token.ts'
import { mintToken } from '../packages/authority/src/operations/tokens/mint-token.ts'
import { revokeToken } from '../packages/authority/src/operations/tokens/revoke-token.ts'
import { location, openAuthority, orgToken } from './authority.ts'

/** One request and its expected status. */
export interface Input {
  readonly name: string
  readonly method?: string
  readonly path: string
  /** Several are sent in turn. */
  readonly authorization?: string | readonly string[]
  readonly body?: string
  /** More header lines, each with its line end. */
  readonly lines?: string
  /** Whether the connection ends with it. Then it is compared with a request on a connection of its own. */
  readonly ends?: boolean
  /** For a request that is repeated until it is limited: the status before and after. */
  readonly status: number | readonly number[]
}

const slug = 'acme'

/** Fills the authority of an empty data directory or of a PostgreSQL database, and closes it. */
export async function fillForHolds(
  directory: string,
  url: string | undefined,
  quick: boolean,
): Promise<{ readonly held: readonly Input[]; readonly anonymous: readonly Input[] }> {
  const authority = await openAuthority(directory, url)
  const { ask, environment, userHeader, organisation, user } = authority
  const tokens: string[] = []
  const dead: string[] = []
  for (let i = 0; i < 32; i++) {
    tokens.push((await ask(userHeader, mintToken, orgToken)).token.reveal())
    const { record, token } = await ask(userHeader, mintToken, orgToken)
    await ask(userHeader, revokeToken, { id: record.id, descendants: 'keep' })
    dead.push(token.reveal())
  }
  const apps = new Map(Array.from({ length: 9000 }, (_, i) => [BigInt(i + 70_000), actions.any]))
  const caveats = encodeCaveats([{ type: 'Apps', apps }])
  for (let begun = 0; begun < 1000; begun += 50) {
    await environment.store.write(async (tx) => {
      for (let i = begun; i < begun + 50; i++) await tx.tokens.insert(longToken(organisation.id, i, caveats))
    })
  }
  await authority.close()
  const rows = rowsFor(organisation.id, user.id, quick ? 1000 : 10_000)
  if (url === undefined) fillSqlite(join(directory, 'hallpass.db'), rows)
  else await fillPostgres(url, rows)
  return { held: heldBy(tokens, dead, userHeader), anonymous: anonymousOf(tokens, dead) }
}

function longToken(organisationId: number, i: number, caveats: Uint8Array): NewToken {
  return {
    id: randomUUID(),
    organisationId,
    appId: null,
    profile: 'deploy_organization',
    name: `CI ${i}`,
    createdBy: null,
    mintedBy: null,
    createdAt: 0,
    expiresAt: Date.now() + 1e12 + i,
    revokedAt: null,
    revokedBy: null,
    caveats,
  }
}

/** An insert statement and the values of each row. */
interface Rows {
  readonly sql: string
  readonly count: number
  readonly row: (i: number) => readonly (string | number | Uint8Array)[]
}

function rowsFor(organisation: number, user: number, many: number): readonly Rows[] {
  const long = 'é"'.repeat(500)
  return [
    {
      sql: "insert into apps (public_id, name, organisation_id, network, created_at) values (?, ?, ?, 'default', 0)",
      count: many,
      row: (i) => [`app-${i}`, `web-${i}`, organisation],
    },
    {
      sql: `insert into users (email, password_hash, created_at) values (?, '', 0)`,
      count: many,
      row: (i) => [`person-${i}@example.com`],
    },
    {
      sql: `insert into memberships (organisation_id, user_id, role, created_at)
        select cast(? as integer), id, 'member', 0 from users where email like 'person-%'`,
      count: 1,
      row: () => [organisation],
    },
    {
      sql: `insert into audit_events
        (at, organisation_id, operation, outcome, actor_kind, actor_id, actor_label, target, reason, request_id)
        values (0, ?, 'app.delete', 'denied', 'user', ?, ?, ?, ?, '')`,
      count: 1000,
      row: () => [organisation, String(user), long, long, long],
    },
  ]
}

function fillSqlite(path: string, all: readonly Rows[]): void {
  const database = new DatabaseSync(path)
  database.exec('begin')
  for (const { sql, count, row } of all) {
    const statement = database.prepare(sql)
    for (let i = 0; i < count; i++) statement.run(...row(i))
  }
  database.exec('commit')
  database.close()
}

async function fillPostgres(url: string, all: readonly Rows[]): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query('begin')
  for (const { sql, count, row } of all) {
    let place = 0
    const text = sql.replaceAll('?', () => `$${++place}`)
    for (let i = 0; i < count; i++) await client.query(text, [...row(i)])
  }
  await client.query('commit')
  await client.end()
}

function heldBy(tokens: readonly string[], dead: readonly string[], userHeader: string): readonly Input[] {
  const [token = ''] = tokens
  const passing = Array.from({ length: 220 }, (_, i): Caveat => ({ type: 'Action', mask: 31 + 32 * i }))
  const inner: Caveat = {
    type: 'IfPresent',
    ifs: [{ type: 'Volumes', volumes: new Map([['v', 0]]) }],
    else: actions.any,
  }
  const header = formatAuthorization(tokens.map((each) => narrowed(each, passing.map(bytesOf))))
  const many = formatAuthorization(
    Array.from({ length: 230 }, (_, i) =>
      narrowed(tokens[i % 32] ?? '', [bytesOf({ type: 'Action', mask: 31 + 32 * i })]),
    ),
  )
  const conditional = formatAuthorization([
    narrowed(
      token,
      Array.from({ length: 120 }, () => bytesOf(inner)),
    ),
  ])
  const graphql = (name: string, query: string, authorization: string): Input => ({
    name,
    method: 'POST',
    path: '/graphql',
    authorization,
    body: JSON.stringify({ query }),
    status: 200,
  })
  const times = (count: number, field: string) =>
    `{ ${Array.from({ length: count }, (_, i) => `a${i}: ${field}`).join(' ')} }`
  const get = (name: string, path: string, authorization = token, status = 200): Input => ({
    name,
    path,
    authorization,
    status,
  })
  return [
    get('1,000 tokens of 48 KiB of caveats', `/v1/orgs/${slug}/tokens?limit=1000`),
    get('1,000 audit events of 3,000 characters', `/v1/orgs/${slug}/audit?limit=1000`, userHeader),
    get('10,000 members', `/v1/orgs/${slug}`),
    get('10,000 apps', `/v1/apps?org_slug=${slug}`),
    get('10,000 apps for 230 tokens', `/v1/apps?org_slug=${slug}`, many),
    get('32 tokens of 220 caveats', '/v1/tokens/current', header),
    get('8 tokens that ask 64 times each', '/v1/tokens/current', asking(tokens), 401),
    get('the same, revoked', '/v1/tokens/current', asking(dead), 401),
    graphql(
      'GraphQL: 1,000 tokens, 10 times',
      times(10, `organization(slug: "${slug}") { limitedAccessTokens(first: 1000) { nodes { id } } }`),
      token,
    ),
    graphql('GraphQL: 10,000 members', `{ organization(slug: "${slug}") { members { nodes { id email } } } }`, token),
    graphql('GraphQL: apps, 20 times, for 240 caveats', times(20, 'apps(first: 1000) { nodes { id } }'), conditional),
    {
      ...get('what a header of 64 KiB holds', '/v1/tokens/authenticate', ''),
      method: 'POST',
      body: JSON.stringify({ header }),
    },
  ]
}

function anonymousOf(tokens: readonly string[], dead: readonly string[]): readonly Input[] {
  const get = (name: string, authorization: string | readonly string[]): Input => ({
    name,
    path: '/v1/tokens/current',
    authorization,
    status: [401, 429],
  })
  const strange = (place: string) =>
    assemble(
      makeNonce(randomBytes(16), randomBytes(16), false),
      place,
      randomBytes(32),
      Array.from({ length: 250 }, () => bytesOf({ type: 'IsMember' })),
    )
  /** The nonce of a live token with a made-up tail. */
  const forged = (token: string, caveats: number) => {
    const { nonce } = decodeMacaroon(parseAuthorization(token).macaroons[0] ?? new Uint8Array(0))
    const added = Array.from({ length: caveats }, (_, i) => bytesOf({ type: 'Action', mask: 31 + 32 * i }))
    return assemble(nonce, location, randomBytes(32), added)
  }
  /** A nonce that names a known key and was never minted. */
  const invented = (token: string) => {
    const { nonce } = decodeMacaroon(parseAuthorization(token).macaroons[0] ?? new Uint8Array(0))
    return assemble(makeNonce(nonce.kid, randomBytes(16), false), location, randomBytes(32), [])
  }
  const fields = Array.from({ length: 30 }, (_, i) => `"f${randomBytes(4).toString('hex')}${i}":1`)
  return [
    get('32 tokens of nobody', formatAuthorization(Array.from({ length: 32 }, () => strange(location)))),
    get('32 discharges of nothing', formatAuthorization(Array.from({ length: 32 }, () => strange('elsewhere')))),
    get('32 times no token', formatAuthorization(Array.from({ length: 32 }, () => randomBytes(1400)))),
    get('32 times no base64', `FlyV1 ${Array.from({ length: 32 }, () => `fm2_${'A'.repeat(1800)}!`).join(',')}`),
    get('60,000 commas', `FlyV1 ${','.repeat(60_000)}`),
    get('a revoked token', dead[0] ?? ''),
    get('32 revoked tokens', formatAuthorization(dead.flatMap((each) => parseAuthorization(each).macaroons))),
    get(
      'a token that was never minted',
      Array.from({ length: 1000 }, () => formatAuthorization([invented(tokens[0] ?? '')])),
    ),
    get('a forged token', formatAuthorization([forged(tokens[0] ?? '', 5)])),
    get('a forged token of 250 caveats', formatAuthorization([forged(tokens[0] ?? '', 250)])),
    get('32 forged tokens of 200 caveats', formatAuthorization(tokens.map((each) => forged(each, 200)))),
    { name: '900 lines of a head', path: '/healthz', lines: 'x: y\r\n'.repeat(900), status: 431, ends: true },
    { name: 'a query of 60 KiB', path: `/healthz?${'a=1&'.repeat(15_000)}`, status: 400 },
    {
      name: '30 fields that nobody asked for',
      method: 'POST',
      path: '/v1/sessions',
      body: `{${fields.join(',')}}`,
      status: 400,
    },
    {
      name: 'a login without a password',
      method: 'POST',
      path: '/v1/sessions',
      body: '{"email":"a@example.com"}',
      status: 400,
    },
  ]
}

/** Each token asks for the same discharge 64 times. The discharge is there, and 256 caveats bind it to the token. */
function asking(tokens: readonly string[]): string {
  const key = randomBytes(32)
  const ticket = Buffer.from('t')
  const ask = (tail: Uint8Array) => {
    const verifierKey = sealBox(tail, randomBytes(12), key)
    return bytesOf({ type: '3P', location: 'third', verifierKey, ticket })
  }
  const nonce = makeNonce(ticket, randomBytes(16), false)
  const bindings = Array.from({ length: 256 }, () => bytesOf({ type: 'BindToParentToken', prefix: null }))
  return formatAuthorization([
    ...tokens.slice(0, 8).map((token) =>
      narrowed(
        token,
        Array.from({ length: 64 }, () => ask),
      ),
    ),
    assemble(nonce, 'third', firstTail(key, nonce), bindings),
  ])
}

type Added = Uint8Array | ((tail: Uint8Array) => Uint8Array)

/** The token with these caveats appended, repeated as often as given. No honest tool makes such a token. */
function narrowed(token: string, added: readonly Added[]): Uint8Array {
  const [bytes = new Uint8Array(0)] = parseAuthorization(token).macaroons
  const { nonce, location: place, tail, unsafeCaveats } = decodeMacaroon(bytes)
  return assemble(nonce, place, tail, added, unsafeCaveats.map(bytesOf))
}

function assemble(
  nonce: Nonce,
  place: string,
  start: Uint8Array,
  added: readonly Added[],
  present: readonly Uint8Array[] = [],
): Uint8Array {
  const caveats = [...present]
  let tail = start
  for (const each of added) {
    const caveat = typeof each === 'function' ? each(tail) : each
    caveats.push(caveat)
    tail = nextTail(tail, caveat)
  }
  const writer = new MsgpackWriter()
  writer.writeArrayLength(4)
  writer.writeRaw(nonce.bytes)
  writer.writeString(place)
  writer.writeArrayLength(2 * caveats.length)
  for (const caveat of caveats) writer.writeRaw(caveat)
  writer.writeBytes(tail)
  return writer.finish()
}

/** A caveat's two elements without the array around them. */
function bytesOf(caveat: Caveat): Uint8Array {
  return encodeCaveats([caveat]).subarray(1)
}
