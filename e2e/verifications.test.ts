// What verifiers ask: many headers and names at once, decided as for a service that asks about one, and never older than they say.
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'

import { actions, formatAuthorization, parseAuthorization } from '@hallpass/macaroon'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import type { AskedVerification, KnownTokenAnswer, MintedToken, RotatedToken, Verification } from '@hallpass/client'
import { routes } from '@hallpass/client/contract'

import { createVerifier, revokeVerifier, serve, type RunningAuthority } from '../packages/authority/src/main.ts'
import {
  reasonWithoutPostgres,
  startPostgres,
  type TestPostgres,
} from '../packages/authority/src/store/testing/postgres.ts'
import { createDirectory, optionsFor } from './authority.ts'
import { discharge } from './discharges.ts'
import { createAsk, expectAnswer, expectRefusal, type Ask } from './http.ts'
import { bundle, forge, narrow } from './macaroons.ts'
import { createApp, createOrganisation, mint, requireMembership, revoke, signInFounder, unique } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

const prepared = prepareAuthority({ usesInterval: 20 })
const { ask, admin, authority } = prepared
const slug = prepareOrganisation(prepared)
const place = () => ({ dataDirectory: authority.directory })

let credential = ''
beforeAll(async () => {
  credential = await makeVerifier()
})

async function makeVerifier(name = unique('edge')): Promise<string> {
  const secret = (await createVerifier({ ...place(), name, now: Date.now() })).secret.reveal()
  // A server on SQLite sees within a second what another program wrote.
  await vi.waitUntil(async () => (await post({}, secret)).status === 200, 10_000)
  return secret
}

const post = (body: unknown, token: string | undefined = credential) =>
  ask('POST', '/v1/verifications', { token, body })

async function verify(asked: AskedVerification): Promise<Verification> {
  return expectAnswer(routes.verifyTokens, await post(asked))
}

type Answered = Verification['answers'][number]
/** Of these headers, each alone. */
async function verifyAll(...headers: readonly string[]): Promise<readonly Answered[]> {
  return (await verify({ headers: headers.map((header) => ({ header })) })).answers
}
const tokensOf = (answer: Answered | undefined) =>
  answer !== undefined && 'tokens' in answer ? answer.tokens : expect.fail(JSON.stringify(answer))
const codeOf = (answer: Answered | undefined) =>
  answer !== undefined && 'refused' in answer ? answer.refused.code : 'good'
async function known(header: string): Promise<KnownTokenAnswer> {
  const [token, ...more] = tokensOf((await verifyAll(header))[0])
  expect(more).toEqual([])
  return token ?? expect.fail('no token')
}

const mintHere = () => mint(ask, admin.token, slug)
const mintWith = (token: string) => mint(ask, token, slug)
async function rotate(id: string): Promise<RotatedToken> {
  const body = { grace: '1h' }
  return expectAnswer(routes.rotateToken, await ask('POST', `/v1/tokens/${id}/rotate`, { token: admin.token, body }))
}
const base64Of = (header: string) =>
  parseAuthorization(header).macaroons.map((bytes) => Buffer.from(bytes).toString('base64'))

describe('a verifier', () => {
  test('is told that nothing follows for others once one derived token is revoked, and hears of it', async () => {
    const { id, token } = await mintHere()
    const [one, two] = ['one', 'two'].map((agent) =>
      narrow(token, { type: 'RunLabel', agent, run: '', onBehalfOf: '' }),
    )
    const minted = await mintWith(one ?? '')
    const { after, answers } = await verify({ headers: [{ header: one ?? '' }, { header: minted.token }] })
    expect(answers.map((answer) => tokensOf(answer).map(({ exact }) => exact))).toEqual([[undefined], [undefined]])
    const body = { derived: one }
    expect((await ask('POST', '/v1/tokens/revoke-derived', { token: admin.token, body })).status).toBe(200)
    const told = await ask('GET', `/v1/revocations?after=${after}`, { token: credential })
    expect(told.body).toMatchObject({ tokens: [id] })
    const [root, dead, sibling, ofDead] = await verifyAll(token, one ?? '', two ?? '', minted.token)
    expect([root, sibling].map((answer) => tokensOf(answer)[0]?.exact)).toEqual([true, true])
    expect([dead, ofDead].map(codeOf)).toEqual(['unauthenticated', 'unauthenticated'])
  })

  test('is told all that it needs to remember a token', async () => {
    const { id, token, expires_at } = await mintHere()
    const narrowed = narrow(token, { type: 'Action', mask: actions.read })
    const before = Date.now()
    const { answers, now, after } = await verify({ headers: [{ header: token }, { header: narrowed }] })
    const organization = { id: expect.any(Number) as number, slug }
    const same = { discharges: [], id, organization, app: null, person: 1, line: [], expires_at, networks: [] }
    expect(answers).toEqual([
      { tokens: [{ permission_token: base64Of(token)[0], ...same }] },
      { tokens: [{ permission_token: base64Of(narrowed)[0], ...same }] },
    ])
    expect(Date.parse(now)).toBeGreaterThanOrEqual(before)
    expect(Date.parse(now)).toBeLessThanOrEqual(Date.now())
    expect((await ask('GET', `/v1/revocations?after=${after}`, { token: credential })).body).toMatchObject({ after })
  })

  test('is told of each header by itself, in their order', async () => {
    const [good, dead, blocked] = [await mintHere(), await mintHere(), await mintHere()]
    await revoke(ask, admin.token, dead.id)
    const short = await mint(ask, admin.token, slug, { expiry: '1s' })
    await vi.waitUntil(async () => (await ask('GET', '/v1/orgs', { token: short.token })).status === 401, 10_000)
    const strict = await createOrganisation(ask, admin.token)
    const { token: limited } = await mint(ask, admin.token, strict.slug, { expiry: '20d' })
    const policy = { token: admin.token, body: { max_token_lifetime: '1d' } }
    expect((await ask('PATCH', `/v1/orgs/${strict.slug}/policy`, policy)).status).toBe(200)
    const rows = [
      [good.token, 'good'],
      [dead.token, 'unauthenticated'],
      [forge(good.token), 'unauthenticated'],
      [good.token.slice(0, -9), 'unauthenticated'],
      ['', 'unauthenticated'],
      ['Bearer', 'unauthenticated'],
      ['\ud800 \0', 'unauthenticated'],
      [limited, 'blocked'],
      [short.token, 'unauthenticated'],
      [admin.token, 'unauthenticated'],
      [bundle(dead.token, good.token), 'good'],
      [bundle(limited, blocked.token), 'good'],
      [`Basic ${Buffer.from(`x:${good.token}`).toString('base64')}`, 'good'],
      [`${good.token},${admin.token}`, 'good'],
    ] as const
    const answers = await verifyAll(...rows.map(([header]) => header))
    expect(answers.map(codeOf)).toEqual(rows.map(([, code]) => code))
    const ids = answers.map((answer) => ('tokens' in answer ? answer.tokens.map(({ id }) => id) : []))
    expect(ids.at(10)).toEqual([good.id])
    expect(ids.at(11)).toEqual([blocked.id])
  })

  test('is told which discharges count, and of which token', async () => {
    const guarded = await createOrganisation(ask, admin.token)
    await requireMembership(ask, admin.token, guarded.slug, 'member')
    const [one, other] = [await mint(ask, admin.token, guarded.slug), await mint(ask, admin.token, guarded.slug)]
    const [first, second] = [await discharge(ask, one.token), await discharge(ask, other.token)]
    const [, mine] = base64Of(first)
    expect((await known(first)).discharges).toEqual([mine])
    const both = formatAuthorization([first, second].flatMap((text) => parseAuthorization(text).macaroons))
    expect(tokensOf((await verifyAll(both))[0]).map(({ discharges }) => discharges)).toEqual([
      [mine],
      [base64Of(second)[1]],
    ])
    // Without its own, or with that of another, it is worth nothing.
    const foreign = formatAuthorization([
      ...parseAuthorization(one.token).macaroons,
      ...parseAuthorization(second).macaroons.slice(1),
    ])
    expect((await verifyAll(one.token, foreign)).map(codeOf)).toEqual(['unauthenticated', 'unauthenticated'])
  })

  test('is told what is above a token: its minters, and what replaced them', async () => {
    const top = await mintHere()
    const middle = await mintWith(top.token)
    const bottom = await mintWith(middle.token)
    const lineOf = async ({ token }: MintedToken) => (await known(token)).line
    expect(await lineOf(bottom)).toEqual([middle.id, top.id])
    const { id: next, token } = await rotate(middle.id)
    expect(await lineOf(middle)).toEqual([next, top.id])
    expect(await lineOf(bottom)).toEqual([middle.id, next, top.id])
    expect((await known(token)).line).toEqual([top.id])
    const { id: newest } = await rotate(top.id)
    expect(await lineOf(top)).toEqual([newest])
    expect(await lineOf(bottom)).toEqual([middle.id, next, top.id, newest])
    // Whatever of its line is revoked, the feed names something of it, and the token is dead.
    const { after } = await verify({})
    await revoke(ask, admin.token, newest)
    expect((await verifyAll(bottom.token)).map(codeOf)).toEqual(['unauthenticated'])
    expect((await ask('GET', `/v1/revocations?after=${after}`, { token: credential })).body).toMatchObject({
      tokens: expect.arrayContaining([newest]) as string[],
    })
  })

  test('is told no line that is too long, nor too many', async () => {
    let { token } = await mintHere()
    for (let above = 1; above <= 100; above++) ({ token } = await mintWith(token))
    expect((await known(token)).line).toHaveLength(100)
    expect((await known((await mintWith(token)).token)).line).toBeNull()
    const minted = await Promise.all(Array.from({ length: 9 }, () => mintHere().then(({ token }) => mintWith(token))))
    const lines = tokensOf((await verifyAll(bundle(...minted.map((each) => each.token))))[0]).map(({ line }) => line)
    expect(lines.map((line) => line?.length)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, undefined])
  })

  test('is told the app of a deploy token, the networks of its organization, and whether that is personal', async () => {
    const app = await createApp(ask, admin.token, slug)
    const { token } = await mint(ask, admin.token, slug, { profile: 'deploy', app: app.name })
    expect((await known(token)).app).toBe(app.internal_numeric_id)
    const near = await createOrganisation(ask, admin.token)
    const minted = await mint(ask, admin.token, near.slug)
    const body = { networks: ['10.0.0.0/8', '127.0.0.1'] }
    await ask('PATCH', `/v1/orgs/${near.slug}/policy`, { token: admin.token, body })
    expect((await known(minted.token)).networks).toEqual(['10.0.0.0/8', '127.0.0.1/32'])
    const own = await mint(ask, admin.token, 'personal')
    expect((await known(own.token)).organization.personal).toBe(true)
  })

  test('is told what names stand for', async () => {
    const other = await createOrganisation(ask, admin.token)
    const app = await createApp(ask, admin.token, slug)
    const { tokens } = { tokens: tokensOf((await verifyAll((await mintHere()).token))[0]) }
    const organization = tokens[0]?.organization.id
    const { names } = await verify({
      names: [
        { org_slug: slug },
        { app_name: app.name },
        { org_slug: slug, app_name: app.name },
        { org_slug: other.slug, app_name: app.name },
        { org_slug: 'nobody' },
        { app_name: 'nothing' },
        { org_slug: slug, app_name: 'nothing' },
        { org_slug: 'personal' },
      ],
    })
    const whole = { organization, app: app.internal_numeric_id }
    const elsewhere = { organization: expect.any(Number) as number, app: null }
    expect(names).toEqual([{ organization, app: null }, whole, whole, elsewhere, null, null, null, null])
    expect(names[3]?.organization).not.toBe(organization)
  })

  test('has its own credential, which is good until it is revoked; no other counts', async () => {
    const { token } = await mintHere()
    for (const stranger of [undefined, admin.token, token, `fv1_${'A'.repeat(43)}`, `Basic ${credential}`]) {
      expectRefusal(await ask('POST', '/v1/verifications', { token: stranger, body: {} }), 401)
    }
    // Nothing of a stranger's body is looked at.
    expectRefusal(await ask('POST', '/v1/verifications', { token: admin.token, text: '{' }), 401)
    const name = unique('edge')
    const secret = await makeVerifier(name)
    await revokeVerifier({ ...place(), name, now: Date.now() })
    await expect.poll(async () => (await post({}, secret)).status).toBe(401)
  })

  test.each([
    [{ headers: Array.from({ length: 101 }, () => ({ header: 'x' })) }, 'headers'],
    [{ names: Array.from({ length: 101 }, () => ({ org_slug: 'x' })) }, 'names'],
    [{ headers: [{ header: 'x'.repeat(65_537) }] }, 'headers.0.header'],
    [{ headers: [{ header: 'x', from: 'nowhere' }] }, 'headers.0.from'],
    [{ headers: [{ header: 'x', to: 'y' }] }, 'headers.0'],
    [{ names: [{}] }, 'names.0'],
    [{ names: [{ org_slug: '../x' }] }, 'names.0.org_slug'],
  ])('asks for what can be answered (%#)', async (body, word) => {
    expect(expectRefusal(await post(body), 400).message).toContain(word)
  })

  test('asks about a hundred headers of ten thousand characters, and not about more', async () => {
    const { token } = await mintHere()
    const long = bundle(...Array.from({ length: 64 }, () => token)).slice(0, 10_000)
    const headers = Array.from({ length: 100 }, () => ({ header: long, from: '2001:db8::1' }))
    expect((await verify({ headers })).answers).toHaveLength(100)
    const text = JSON.stringify({ headers: Array.from({ length: 17 }, () => ({ header: 'x'.repeat(65_000) })) })
    expectRefusal(await ask('POST', '/v1/verifications', { token: credential, text }), 413)
  })
})

test('a use counts with the address that the verifier says', async () => {
  const { id, token } = await mintHere()
  await verify({ headers: [{ header: token, from: '::ffff:203.0.113.9' }] })
  const show = async () => (await ask('GET', `/v1/tokens/${id}`, { token: admin.token })).body
  await expect.poll(show).toMatchObject({ last_used_ip: '203.0.113.9', last_used_operation: 'token.authenticate' })
})

test('work for tokens that count for nothing is counted for who sent them, and else for the verifier', async () => {
  const { token } = await mintHere()
  const rubbish = () => bundle(...Array.from({ length: 30 }, () => forge(token, { rnd: randomBytes(16) })))
  const flood = async (from?: string) => {
    const asked = { header: rubbish(), ...(from === undefined ? {} : { from }) }
    const { answers } = await verify({ headers: Array.from({ length: 60 }, () => asked) })
    return new Set(answers.map(codeOf))
  }
  const askOnce = async (from?: string) => {
    const { answers } = await verify({ headers: [{ header: rubbish(), ...(from === undefined ? {} : { from }) }] })
    return answers[0]
  }
  expect(await flood('203.0.113.66')).toEqual(new Set(['unauthenticated', 'rate_limited']))
  expect(await askOnce('203.0.113.66')).toMatchObject({
    refused: { code: 'rate_limited', retry_after: expect.any(Number) as number },
  })
  for (const other of ['203.0.113.67', undefined]) {
    expect(await askOnce(other)).toMatchObject({ refused: { code: 'unauthenticated' } })
  }
  await flood()
  expect(await askOnce()).toMatchObject({ refused: { code: 'rate_limited' } })
  expect(await askOnce('203.0.113.68')).toMatchObject({ refused: { code: 'unauthenticated' } })
  // Good tokens are good for everybody.
  expect(codeOf((await verifyAll(token))[0])).toBe('good')
})

test('any header has the tokens, or the refusal, that a service is told that asks about it alone', async () => {
  const [good, dead] = [await mintHere(), await mintHere()]
  await revoke(ask, admin.token, dead.id)
  const guarded = await createOrganisation(ask, admin.token)
  await requireMembership(ask, admin.token, guarded.slug, 'member')
  const asking = await mint(ask, admin.token, guarded.slug)
  const [, answer = ''] = (await discharge(ask, asking.token)).split(',')
  const app = await createApp(ask, admin.token, slug)
  const deploy = await mint(ask, admin.token, slug, { profile: 'deploy', app: app.name })
  const parts = [
    good.token,
    narrow(good.token, { type: 'Action', mask: actions.read }),
    dead.token,
    forge(good.token),
    forge(good.token, { kid: randomBytes(16) }),
    asking.token,
    answer,
    deploy.token,
    admin.token,
    'fm2_AAAA',
    'nothing',
    '',
  ].map((part) => part.replace(/^FlyV1 /, ''))
  const header = fc
    .tuple(
      fc.constantFrom('FlyV1 ', 'Bearer ', '', 'flyv1 bearer '),
      fc.array(fc.constantFrom(...parts), { maxLength: 5 }),
    )
    .map(([scheme, some]) => scheme + some.join(','))
  await fc.assert(
    fc.asyncProperty(fc.array(header, { minLength: 1, maxLength: 8 }), async (headers) => {
      const answers = await verifyAll(...headers)
      for (const [at, asked] of headers.entries()) {
        const alone = await ask('POST', '/v1/tokens/authenticate', { body: { header: asked } })
        const together = answers[at] ?? expect.fail('no answer')
        if (alone.status === 200) {
          const tokens = expectAnswer(routes.authenticateTokens, alone)
          expect(tokensOf(together).map((token) => token.permission_token)).toEqual(
            tokens.map((token) => token.permission_token),
          )
        } else {
          const { code, message } = expectRefusal(alone, alone.status)
          expect(together).toEqual({ refused: { code, message } })
        }
      }
    }),
    { numRuns: 40 },
  )
})

/** Asks again and again about tokens that are revoked meanwhile, and checks each answer by the place of the revocation in the feed. */
async function raceRevocations(
  minted: readonly MintedToken[],
  {
    asks,
    revokes,
    secret,
    places,
  }: {
    readonly asks: readonly Ask[]
    readonly revokes: (id: string, at: number) => Promise<void>
    readonly secret: string
    /** The number of the first event of each token. */
    readonly places: () => Promise<ReadonlyMap<string, number>>
  },
): Promise<number> {
  const headers = minted.map(({ token }) => ({ header: token }))
  const heard: { readonly after: number; readonly good: readonly string[] }[] = []
  const over = new AbortController()
  const questions = asks.map(async (one) => {
    while (!over.signal.aborted) {
      const answer = await one('POST', '/v1/verifications', { token: secret, body: { headers } })
      const { after, answers } = expectAnswer(routes.verifyTokens, answer)
      const good = answers.flatMap((each) => ('tokens' in each ? each.tokens.map(({ id }) => id) : []))
      heard.push({ after: Number(after.split('.')[0]), good })
    }
  })
  for (const [at, { id }] of minted.entries()) await revokes(id, at)
  over.abort()
  await Promise.all(questions)
  const revoked = await places()
  for (const { after, good } of heard) {
    for (const id of good) expect(after).toBeLessThan(revoked.get(id) ?? Infinity)
  }
  // Some questions came in between.
  expect(new Set(heard.map(({ good }) => good.length)).size).toBeGreaterThan(2)
  return heard.length
}

test('no answer says good of a token whose revocation is not behind its place in the feed', async () => {
  const minted = await Promise.all(Array.from({ length: 40 }, mintHere))
  await raceRevocations(minted, {
    asks: [ask, ask],
    secret: credential,
    revokes: (id) => revoke(ask, admin.token, id),
    places: async () =>
      authority.inspect((database) => {
        const rows = database
          .prepare("select id, lower(hex(token_id)) as token from feed_events where kind = 'token'")
          .all()
        return firstOf(rows as unknown as readonly Row[])
      }),
  })
})

interface Row {
  readonly id: number
  readonly token: string
}

function firstOf(rows: readonly Row[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>()
  for (const { id, token } of rows) {
    const uuid = token.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    first.set(uuid, Math.min(first.get(uuid) ?? Infinity, id))
  }
  return first
}

const missing = reasonWithoutPostgres()
describe.skipIf(missing !== undefined)(
  `two authorities on one PostgreSQL${missing ? `, skipped: ${missing}` : ''}`,
  () => {
    let server: TestPostgres
    let database: pg.Client
    const running: { readonly directory: string; readonly authority: RunningAuthority; readonly ask: Ask }[] = []
    beforeAll(async () => {
      server = await startPostgres()
      const rootKey = Buffer.alloc(32, 7).toString('base64')
      for (let each = 0; each < 2; each++) {
        const directory = await createDirectory()
        const started = await serve({ ...optionsFor(directory), databaseUrl: server.url, rootKey })
        running.push({ directory, authority: started, ask: createAsk(() => started.url) })
      }
      database = new pg.Client(server.url)
      await database.connect()
    })
    afterAll(async () => {
      await database.end()
      for (const { directory, authority: started } of running) {
        await started.close()
        await rm(directory, { recursive: true, force: true })
      }
      await server.stop()
    })

    test('say good of no token whose revocation is not behind its place in the feed, whichever revokes it', async () => {
      const asks = running.map((each) => each.ask)
      const [one = ask] = asks
      const { token } = await signInFounder(one)
      const { slug: shared } = await createOrganisation(one, token)
      const options = { dataDirectory: authority.directory, databaseUrl: server.url, name: 'edge', now: Date.now() }
      const secret = (await createVerifier(options)).secret.reveal()
      const minted = await Promise.all(Array.from({ length: 40 }, () => mint(one, token, shared)))
      await raceRevocations(minted, {
        asks,
        secret,
        revokes: (id, at) => revoke(asks[at % 2] ?? one, token, id),
        places: async () => {
          const { rows } = await database.query<Row>(
            "select id, encode(token_id, 'hex') as token from feed_events where kind = 'token'",
          )
          return firstOf(rows)
        },
      })
    })
  },
)
