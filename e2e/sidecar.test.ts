// `hallpass guard`: a sidecar that answers as its authority does, from memory, and no longer than it may.
import { once } from 'node:events'
import { chmod, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'

import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'

import { founder } from './authority.ts'
import { freePort } from './free-port.ts'
import { isThere, openGateway, readRecipe, type Gateway } from './gateway.ts'
import { arrive, type Place, type Served } from './hallpass.ts'
import { createAsk, expectRefusal, type Ask } from './http.ts'
import { bundle, endingAt, forge, narrow, nowInSeconds, onlyFor, readonlyOf } from './macaroons.ts'
import { createApp, createOrganisation, mint, revoke, signInFounder } from './people.ts'

const slug = 'acme'
/** What is promised, and not how fast a busy machine is. */
const patient = { timeout: 5000 }
let place: Place
let served: Served
let serve: () => Promise<Served>
let sidecar: Served
let credential = ''
let admin = ''
let token = ''
let id = ''
const ask: Ask = (...asked) => createAsk(() => served.url)(...asked)
const askSidecar: Ask = (...asked) => createAsk(() => sidecar.url)(...asked)

beforeAll(async () => {
  place = await arrive()
  const data = ['--data', join(place.directory, 'data')]
  const port = await freePort()
  const account = { HALLPASS_BOOTSTRAP_EMAIL: founder.email, HALLPASS_BOOTSTRAP_PASSWORD: founder.password }
  serve = () => place.serve(['--listen', `127.0.0.1:${port}`, ...data, '--trusted-proxies', '127.0.0.1'], account)
  served = await serve()
  credential = (await place.run(['verifiers', 'create', '--name', 'edge', ...data])).stdout.trim()
  admin = (await signInFounder(ask)).token
  await createOrganisation(ask, admin, 'Acme')
  await createApp(ask, admin, slug, 'web')
  ;({ token, id } = await mint(ask, admin, slug))
  sidecar = await openSidecar('--trusted-proxies', '127.0.0.1')
})
afterAll(() => place.leave())

/** Once it has heard the feed. */
async function openSidecar(...flags: readonly string[]): Promise<Served> {
  const opened = await place.guard(['--authority', served.url, ...flags], { HALLPASS_VERIFIER: credential })
  await vi.waitUntil(async () => (await createAsk(() => opened.url)('GET', '/readyz')).status === 200, 10_000)
  return opened
}

const authorize = (query: string, asked: Parameters<Ask>[2] = { token }) =>
  askSidecar('GET', `/authorize?${query}`, asked)
/** What a program decides by. */
const outcome = ({ status, body }: { readonly status: number; readonly body: unknown }) => [
  status,
  status < 300 ? body : (body as { readonly code: unknown }).code,
]

describe('answers as the authority does', () => {
  let headers: readonly string[] = []
  let blocked = ''
  beforeAll(async () => {
    const near = await createOrganisation(ask, admin, 'Near')
    await createApp(ask, admin, near.slug, 'shop')
    const strict = await createOrganisation(ask, admin, 'Strict')
    const gone = await mint(ask, admin, slug)
    await revoke(ask, admin, gone.id)
    const web = await createApp(ask, admin, slug, 'web-2')
    blocked = (await mint(ask, admin, strict.slug, { expiry: '20d' })).token
    const limit = (of: string, body: object) => ask('PATCH', `/v1/orgs/${of}/policy`, { token: admin, body })
    await limit(strict.slug, { max_token_lifetime: '1d' })
    const inNetwork = await mint(ask, admin, near.slug)
    await limit(near.slug, { networks: ['10.0.0.0/8'] })
    headers = [
      token,
      token,
      `Basic ${Buffer.from(`x:${token.slice('FlyV1 '.length)}`).toString('base64')}`,
      readonlyOf(token),
      onlyFor(token, web.internal_numeric_id),
      narrow(token, { type: 'Mutations', mutations: ['deleteApp'] }, { type: 'ConfineUser', id: 2n ** 64n - 1n }),
      endingAt(token, nowInSeconds() - 60),
      endingAt(token, nowInSeconds() + 3600),
      bundle(readonlyOf(token), onlyFor(token, web.internal_numeric_id)),
      bundle(gone.token, token),
      gone.token,
      inNetwork.token,
      blocked,
      (await mint(ask, admin, 'personal')).token,
      forge(token),
      `${token.slice(0, -8)}AAAA`,
      'Bearer junk',
      'Bearer ',
      admin,
    ]
  })

  const text = fc.constantFrom('r', 'x'.repeat(513), '', 'm1')
  const access = fc.record(
    {
      action: fc.constantFrom('', 'r', 'r', 'r', 'w', 'wr', 'C', '*', 'q', 'r'.repeat(33)),
      org_slug: fc.constantFrom(slug, slug, slug, 'near', 'strict', 'personal', 'nobody', 'not a name'),
      app_name: fc.constantFrom('web', 'web', 'web-2', 'shop', 'nothing', 'not/a/name'),
      org_feature: fc.constantFrom('wg', 'deletion'),
      machine_id: text,
      volume_id: text,
      mutation: fc.constantFrom('deleteApp', 'other'),
      source_machine: text,
      source_address: fc.constantFrom('10.1.2.3', '203.0.113.7', '::ffff:10.1.2.3', 'nowhere'),
      command: fc.constantFrom(['ls'], [], 'ls'),
      another: text,
    },
    { requiredKeys: [] },
  )
  const usual = fc.record({
    action: fc.constantFrom('r', 'rw'),
    org_slug: fc.constantFrom(slug, slug, 'near', 'strict'),
    source_address: fc.constantFrom('10.1.2.3', '203.0.113.7'),
  })
  const asked = fc.oneof(
    access,
    usual,
    fc
      .tuple(usual, fc.subarray(['web', 'shop'], { maxLength: 1 }))
      .map(([some, [name]]) => ({ ...some, app_name: name })),
  )
  const header = fc.nat().map((which) => headers[which % headers.length] ?? '')

  test('services that name an access, or none', async () => {
    let allowed = 0
    await fc.assert(
      fc.asyncProperty(header, asked, async (header, access) => {
        for (const [path, body] of [
          ['/v1/tokens/authorize', { header, access }],
          ['/v1/tokens/authenticate', { header }],
        ] as const) {
          const right = outcome(await ask('POST', path, { body }))
          // A blocked token is refused as that, whatever it is asked for.
          const isBlocked = header === blocked && [403, 404].includes(Number(right[0]))
          const expected = isBlocked ? [403, 'blocked'] : right
          expect(outcome(await askSidecar('POST', path, { body }))).toEqual(expected)
          // From memory.
          expect(outcome(await askSidecar('POST', path, { body }))).toEqual(expected)
          if (right[0] === 200 && 'access' in body) allowed += 1
        }
      }),
      { numRuns: 200 },
    )
    expect(allowed).toBeGreaterThan(10)
  })

  test('proxies that say in the query what they ask', async () => {
    const names = ['hallpass-token', 'hallpass-organization', 'hallpass-app', 'hallpass-token-expires']
    await fc.assert(
      fc.asyncProperty(header, asked, fc.boolean(), async (header, access, isNear) => {
        const query = new URLSearchParams()
        for (const [name, value] of Object.entries(access)) {
          if (name !== 'source_address') query.append(name, String(value))
        }
        const from = { 'x-forwarded-for': isNear ? '10.1.2.3' : '203.0.113.7' }
        const [one, other] = [ask, askSidecar].map((each) =>
          each('GET', `/authorize?${query.toString()}`, { headers: { authorization: header, ...from } }),
        )
        const [right, ours] = [await one, await other]
        if (right === undefined || ours === undefined) throw new Error('nothing was asked')
        const { status } = await ask('POST', '/v1/tokens/authenticate', { body: { header } })
        const isBlocked = header === blocked && right.status === 403
        // Who has no token that is good learns that first; the authority sometimes says before what is wrong with the query.
        const expected = isBlocked
          ? [403, 'blocked']
          : right.status === 400 && status === 401
            ? [401, 'unauthenticated']
            : outcome(right)
        expect(outcome(ours)).toEqual(expected)
        if (ours.status >= 400) expectRefusal(ours, ours.status)
        if (right.status === 200) {
          expect(names.map((name) => ours.headers.get(name))).toEqual(names.map((name) => right.headers.get(name)))
        }
      }),
      { numRuns: 150 },
    )
  })

  test.each([
    '[]',
    '{',
    '',
    'null',
    '{"header":1}',
    '{"header":"x","header":"y"}',
    '{"header":"x","more":1}',
    '{"header":"x","__proto__":{}}',
    `{"header":[${'1,'.repeat(3000)}1]}`,
    `{"header":"${'x'.repeat(70_000)}"}`,
  ])('who sends the body %.40s', async (text) => {
    for (const path of ['/v1/tokens/authenticate', '/v1/tokens/authorize']) {
      const right = await ask('POST', path, { text })
      expect(outcome(await askSidecar('POST', path, { text }))).toEqual(outcome(right))
    }
    const type = { 'content-type': 'text/plain' }
    const answer = await askSidecar('POST', '/v1/tokens/authenticate', { text: '{"header":"x"}', headers: type })
    expect(answer.status).toBe(415)
  })
})

test('says what is asked of it, and nothing of tokens', async () => {
  expect((await askSidecar('GET', '/healthz')).body).toEqual({ ok: true })
  expect(outcome(await askSidecar('DELETE', '/v1/apps/web', { token }))).toEqual([501, 'not_served'])
  expect(outcome(await authorize('action=r&app_name=web&source_address=10.1.2.3'))).toEqual([400, 'invalid_request'])
  const answer = await authorize('action=r&app_name=web')
  expect([answer.status, answer.body]).toEqual([200, { token: id, organization: slug, app: 'web', action: 'r' }])
  expect(answer.headers.get('hallpass-assertion')).toBe('')
  // As some services read it, a client says who it is.
  const disguised = await authorize('action=r&app_name=web', { token, headers: { hallpass_token: id } })
  expect(outcome(disguised)).toEqual([403, 'forbidden'])
})

test('takes what a trusted proxy reports for the address of nobody, where it is none', async () => {
  const caveats = [{ type: 'Networks', body: { networks: ['127.0.0.0/8', '10.0.0.0/8'] } }]
  const bound = (await mint(ask, admin, slug, { caveats })).token
  for (const [reported, status] of [
    [undefined, 200],
    ['10.1.2.3', 200],
    ['10.1.2.3, unknown', 403],
    ['192.0.2.1', 403],
    ['192.0.2.1,, 127.0.0.1,', 403],
  ] as const) {
    const headers = reported === undefined ? {} : { 'x-forwarded-for': reported }
    for (const each of [ask, askSidecar]) {
      const answer = await each('GET', '/authorize?action=r&app_name=web', { token: bound, headers })
      expect(answer.status, reported).toBe(status)
    }
  }
})

test('by rules asks for what the request takes that a trusted proxy holds', async () => {
  const file = join(place.directory, 'rules.json')
  const rules = [
    { methods: ['GET'], path: '/apps/{app}', access: { action: 'r', org_slug: slug, app_name: '{app}' } },
    { methods: ['*'], path: '/apps/{app}/**', access: { action: 'w', org_slug: slug, app_name: '{app}' } },
  ]
  await writeFile(file, JSON.stringify({ rules }))
  const ruled = await openSidecar('--authorize-rules', file, '--trusted-proxies', '127.0.0.1')
  const held = (method: string, uri: string, credential = readonlyOf(token), more: object = {}) =>
    createAsk(() => ruled.url)('GET', '/authorize?action=r&org_slug=acme', {
      token: credential,
      headers: { 'x-forwarded-method': method, 'x-forwarded-uri': uri, ...more },
    })
  expect((await held('GET', '/apps/web?x=1')).body).toMatchObject({ action: 'r', app: 'web' })
  expect((await held('POST', '/apps/web', token)).body).toMatchObject({ action: 'w' })
  for (const refused of [
    held('POST', '/apps/web'),
    held('GET', '/apps/%77eb'),
    held('GET', '/apps//web'),
    held('GET', '/other'),
    held('GET', '/apps/web', token, { 'x-original-uri': '/' }),
    held('GET', `/apps/${'a'.repeat(300)}`),
  ]) {
    expectRefusal(await refused, 403)
  }
  const own = createAsk(() => ruled.url)
  expect((await own('POST', '/authorize/apps/web/x', { token, body: {} })).body).toMatchObject({ action: 'w' })
  expectRefusal(await own('POST', '/authorize/apps/web/x', { token: readonlyOf(token) }), 403)
  expectRefusal(await own('GET', '/authorize?action=r&org_slug=acme', { token }), 400)
  const stranger = await openSidecar('--authorize-rules', file, '--trusted-proxies', '192.0.2.1')
  const asked = { token, headers: { 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/apps/web' } }
  expectRefusal(await createAsk(() => stranger.url)('GET', '/authorize', asked), 403)
})

test('a revoked token is dead, and says so where it is asked about', async () => {
  const doomed = await mint(ask, admin, slug)
  const check = () => authorize('action=r&app_name=web', { token: doomed.token })
  expect((await check()).status).toBe(200)
  await revoke(ask, admin, doomed.id)
  await expect.poll(async () => (await check()).status, { interval: 20, timeout: 5000 }).toBe(401)
  const body = { header: doomed.token }
  expect(expectRefusal(await askSidecar('POST', '/v1/tokens/authenticate', { body }), 401).message).toContain('revoked')
})

test('refuses with 503 once the authority was away for five seconds, and goes on once it is back; reads have grace where that was chosen', async () => {
  const graceful = await openSidecar('--grace-for-reads', '10m')
  const askGraceful = createAsk(() => graceful.url)
  const query = `org_slug=${slug}`
  expect((await askGraceful('GET', `/authorize?action=rw&${query}`, { token })).status).toBe(200)
  expect((await authorize(`action=r&${query}`)).status).toBe(200)
  await served.stop('SIGKILL')
  await expect.poll(async () => (await authorize(`action=r&${query}`)).status, { timeout: 10_000 }).toBe(503)
  const refused = await authorize(`action=r&${query}`)
  expect([outcome(refused), refused.headers.get('retry-after')]).toEqual([[503, 'unavailable'], '1'])
  expect((await askSidecar('GET', '/readyz')).body).toMatchObject({ ok: false, reason: 'feed' })
  expect((await askGraceful('GET', `/authorize?action=r&${query}`, { token })).status).toBe(200)
  const write = () => askGraceful('GET', `/authorize?action=w&${query}`, { token })
  await expect.poll(async () => (await write()).status, { timeout: 10_000 }).toBe(503)
  expect((await askGraceful('GET', `/authorize?action=r&${query}`, { token: readonlyOf(token) })).status).toBe(200)
  served = await serve()
  await expect.poll(async () => (await authorize(`action=r&${query}`)).status, { timeout: 15_000 }).toBe(200)
  await expect.poll(async () => (await askSidecar('GET', '/readyz')).status, { timeout: 15_000 }).toBe(200)
  expect(graceful.output()).toContain('REVOKED TOKENS MAY READ')
}, 60_000)

test('on SIGTERM answers what it was asked, and ends', async () => {
  const other = await openSidecar()
  const { hostname, port } = new URL(other.url)
  const socket = connect(Number(port), hostname)
  const body = JSON.stringify({ header: token })
  const head = `POST /v1/tokens/authenticate HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n`
  const answer = createAsk(() => other.url)('GET', '/healthz')
  socket.write(head + body.slice(0, 10))
  // By its answer, what came before has been read.
  expect((await answer).status).toBe(200)
  const ended = other.stop()
  await expect.poll(() => createAsk(() => other.url)('GET', '/healthz').catch(() => 'closed'), patient).toBe('closed')
  socket.write(body.slice(10))
  let said = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  await once(socket, 'close')
  expect(said).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*connection: close[^]*permission_token/i)
  expect(await ended).toBe(0)
})

describe.each([
  ['nginx', 'nginx', '/'],
  ['caddy', 'Caddy', '/'],
  ['nginx', 'nginx, by rules', '/reads/web/'],
  ['caddy', 'Caddy, by rules', '/reads/web/'],
  ['traefik', 'Traefik, by rules', '/reads/web/'],
  ['envoy', 'Envoy, by rules', '/reads/web/'],
] as const)('%s', (name, recipe, path) => {
  let gateway: Gateway | undefined
  let file = ''
  beforeAll(async () => {
    file = join(place.directory, 'reads.json')
    const rule = (methods: readonly string[], action: string) => {
      const access = { action, org_slug: slug, app_name: '{app}' }
      return { hosts: ['web.example.com'], methods, path: '/reads/{app}/**', access }
    }
    await writeFile(file, JSON.stringify({ rules: [rule(['GET', 'HEAD'], 'r'), rule(['*'], 'w')] }))
  })
  afterEach(() => gateway?.close())

  test.skipIf(!isThere(name))(
    `lets through what a token allows, as docs/gateways.md has it for ${recipe}, with the sidecar in the place of the authority (skipped where it is not on the PATH)`,
    async () => {
      const byRules = recipe.endsWith('rules') ? ['--authorize-rules', file] : []
      const behind = await openSidecar('--trusted-proxies', '127.0.0.1', ...byRules)
      gateway = await openGateway(name, await readRecipe(recipe), behind.url)
      const { seen, send, said } = gateway
      const first = async () => (await send('GET', path).catch(() => undefined))?.status ?? said()
      await expect.poll(first, { timeout: 20_000 }).toBe(401)
      const bearer = (header: string) => ({ authorization: header.replace(/^FlyV1 /, 'Bearer ') })
      const made = { 'hallpass-token': 'admin', 'x-forwarded-for': '10.0.0.1' }
      expect((await send('GET', `${path}page`, { ...bearer(readonlyOf(token)), ...made })).status).toBe(200)
      const names = { 'hallpass-token': id, 'hallpass-organization': slug, 'hallpass-app': 'web' }
      expect(seen[0]?.headers).toMatchObject(names)
      for (const gone of ['authorization', 'hallpass-assertion']) expect(seen[0]?.headers[gone] ?? '').toBe('')
      expect((await send('POST', `${path}page`, bearer(readonlyOf(token)))).status).toBe(403)
      if (byRules.length > 0) expect((await send('GET', '/other', bearer(token))).status).toBe(403)
      const doomed = await mint(ask, admin, slug)
      expect((await send('POST', `${path}page`, bearer(doomed.token))).status).toBe(200)
      await revoke(ask, admin, doomed.id)
      await expect.poll(async () => (await send('POST', `${path}page`, bearer(doomed.token))).status, patient).toBe(401)
      const passed = seen.length
      await behind.stop()
      expect((await send('GET', `${path}page`, bearer(token))).status).not.toBe(200)
      expect(seen).toHaveLength(passed)
    },
    60_000,
  )
})

describe('hallpass guard', () => {
  const env = () => ({ HALLPASS_VERIFIER: credential })
  test.each([
    [[], 'HALLPASS_VERIFIER is not set', () => ({})],
    [[], 'HALLPASS_VERIFIER holds no credential of a verifier', () => ({ HALLPASS_VERIFIER: token })],
    [[], 'HALLPASS_VERIFIER is set, but empty', () => ({ HALLPASS_VERIFIER: ' ' })],
    [['--authority', 'nowhere'], 'the address in --authority is not a URL', env],
    [['--listen', 'nowhere'], 'is not an address to listen at', env],
    [['--trusted-proxies', 'proxy'], '--trusted-proxies lists addresses', env],
    [
      ['--authorize-rules', 'nothing.json', '--trusted-proxies', '::1'],
      '--authorize-rules names a file that is not there',
      env,
    ],
    [['--grace-for-reads', 'long'], 'the value of --grace-for-reads is not a duration', env],
    [['--verifier', 'fv1_x'], 'there is no flag', env],
  ] as const)('refuses %j: %s', async (flags, word, variables) => {
    const usual = flags.some((flag) => flag === '--authority') ? [] : ['--authority', served.url]
    const outcome = await place.run(['guard', ...usual, ...flags], { env: variables() })
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining(word) as string })
    expect(outcome.stderr).not.toContain(credential)
  })

  test('refuses rules with a mistake, and rules where nobody may say what a request is', async () => {
    const file = join(place.directory, 'wrong.json')
    await writeFile(file, '{"rules":[{"methods":["*"],"path":"/","access":{"action":"r"}}]}')
    const run = (...flags: readonly string[]) =>
      place.run(['guard', '--authority', served.url, '--authorize-rules', file, ...flags], { env: env() })
    expect(await run()).toMatchObject({ code: 2, stderr: expect.stringContaining('needs --trusted-proxies') as string })
    expect(await run('--trusted-proxies', '::1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('rule 1: access: org_slug is needed') as string,
    })
  })

  test('takes its credential from a file, says that it listens for others, and where another listens already', async () => {
    const file = join(place.directory, 'verifier')
    await writeFile(file, `${credential}\n`)
    await chmod(file, 0o400)
    const variables = { HALLPASS_VERIFIER_FILE: file, HALLPASS_API_URL: served.url }
    const open = await place.guard(['--listen', '0.0.0.0:0'], variables)
    await expect.poll(() => open.output(), patient).toContain('it listens beyond this machine')
    const { port } = new URL(open.url)
    expect(await place.run(['guard', '--listen', `127.0.0.1:${port}`], { env: variables })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`it cannot listen at 127.0.0.1:${port} (EADDRINUSE)`) as string,
    })
  })

  test('says when its authority refuses it', async () => {
    const data = ['--data', join(place.directory, 'data')]
    const short = (await place.run(['verifiers', 'create', '--name', 'short', ...data])).stdout.trim()
    await place.run(['verifiers', 'revoke', 'short', '--yes', ...data])
    const open = await place.guard(['--authority', served.url], { HALLPASS_VERIFIER: short })
    await expect.poll(() => open.output(), patient).toContain('refuses the credential')
    expect((await createAsk(() => open.url)('GET', '/authorize?action=r&org_slug=acme', { token })).status).toBe(503)
    expect(open.output()).not.toContain(short)
  })

  test('never says a token', () => {
    const parts = [credential, token.replace(/^FlyV1 fm2_/, '').slice(0, 40)]
    expect(sidecar.output()).toContain('the feed is heard')
    for (const secret of parts) expect(sidecar.output()).not.toContain(secret)
  })
})
