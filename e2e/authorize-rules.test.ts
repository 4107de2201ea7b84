// `/authorize` by rules: which access a request takes that a proxy holds, and that a client cannot have it read in another way.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import * as fc from 'fast-check'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'

import { openSidecar, type RunningSidecar } from '@hallpass/guard/sidecar'

import { createVerifier, serve } from '../packages/authority/src/main.ts'
import { createDirectory, optionsFor } from './authority.ts'
import { isThere, openGateway, readRecipe, type Gateway } from './gateway.ts'
import { expectRefusal } from './http.ts'
import { readonlyOf } from './macaroons.ts'
import { createApp, mint } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'
import { speak } from './raw-socket.ts'

let directory = ''
const rules = [
  {
    hosts: ['api.example.com'],
    methods: ['GET', 'HEAD'],
    path: '/apps/{app}',
    access: { action: 'r', app_name: '{app}' },
  },
  { methods: ['POST'], path: '/apps/{app}/**', access: { action: 'w', org_slug: 'acme', app_name: '{app}' } },
  { methods: ['GET'], path: '/', access: { action: 'r', org_slug: 'acme' } },
  {
    hosts: ['web.example.com'],
    methods: ['GET', 'HEAD'],
    path: '/reads/{app}/**',
    access: { action: 'r', org_slug: 'acme', app_name: '{app}' },
  },
  {
    hosts: ['web.example.com'],
    methods: ['*'],
    path: '/reads/{app}/**',
    access: { action: 'w', org_slug: 'acme', app_name: '{app}' },
  },
]
async function writeRules(text: string): Promise<string> {
  const file = join(directory, 'rules.json')
  await writeFile(file, text)
  return file
}

const prepared = prepareAuthority(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hallpass-rules-'))
  return { trustedProxies: ['127.0.0.1'], authorizeRules: await writeRules(JSON.stringify({ rules })) }
})
afterAll(() => rm(directory, { recursive: true, force: true }))
const { ask, admin, authority } = prepared
const slug = prepareOrganisation(prepared)
let token = ''
let id = ''
beforeAll(async () => {
  await createApp(ask, admin.token, slug, 'web')
  ;({ token, id } = await mint(ask, admin.token, slug))
})

interface Held {
  readonly method?: string
  readonly host?: string
  readonly path: string
}

/** As a proxy asks that says in headers what it holds. */
function askFor({ method = 'GET', host = 'api.example.com', path }: Held, credential = token, more: object = {}) {
  const headers = { 'x-forwarded-method': method, 'x-forwarded-host': host, 'x-forwarded-uri': path, ...more }
  return ask('GET', '/authorize', { token: credential, headers })
}

test('a request takes the access of its rule, whichever way the proxy says it', async () => {
  const answer = await askFor({ path: '/apps/web?x=1' })
  expect([answer.status, answer.body]).toEqual([200, { token: id, organization: slug, app: 'web', action: 'r' }])
  expect(answer.headers.get('hallpass-token')).toBe(id)
  const original = { 'x-original-method': 'POST', 'x-original-uri': '/apps/web/machines/1' }
  const said = await ask('GET', '/authorize', { token, headers: original })
  expect(said.body).toMatchObject({ action: 'w', app: 'web' })
  // Envoy asks with the line of the request itself.
  expect((await ask('POST', '/authorize/apps/web', { token })).body).toMatchObject({ action: 'w', app: 'web' })
  expect((await ask('GET', '/authorize/', { token })).body).toMatchObject({ action: 'r', app: null })
  expect((await ask('GET', '/authorize/?action=w', { token })).body).toMatchObject({ action: 'r', app: null })
})

/** What it says, as a service reads it that is reached by this name. */
async function readAssertion(text: unknown, audience: string) {
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', authority.url()))
  const options = { issuer: authority.url(), audience, typ: 'hallpass-assertion+jwt', algorithms: ['EdDSA'] }
  return (await jwtVerify(String(text), keys, { ...options, maxTokenAge: '60s' })).payload
}

test('what is let through is asserted to its service, for a minute, with a key that outlives the authority', async () => {
  const answer = await askFor({ host: 'API.example.com:443', path: '/apps/web?x=1' })
  const assertion = answer.headers.get('hallpass-assertion')
  const payload = await readAssertion(assertion, 'api.example.com')
  const { iat = 0 } = payload
  const organization = { id: expect.any(Number) as number, slug }
  const app = { id: expect.any(Number) as number, name: 'web' }
  const claims = { iss: authority.url(), aud: 'api.example.com', sub: id, iat, exp: iat + 60, organization, app }
  expect(payload).toEqual({ ...claims, htm: 'GET', htu: '/apps/web', action: 'r' })
  await expect(readAssertion(assertion, 'web.example.com')).rejects.toThrow('aud')
  const [header = '', body = '', signature = ''] = (assertion ?? '').split('.')
  for (const forged of [
    [header, Buffer.from('{}').toString('base64url'), signature],
    [Buffer.from('{"alg":"none"}').toString('base64url'), body, ''],
    [header, body, signature.replace(/./, (letter) => (letter === 'A' ? 'B' : 'A'))],
  ]) {
    await expect(readAssertion(forged.join('.'), 'api.example.com')).rejects.toThrow()
  }
  const before = (await ask('GET', '/.well-known/jwks.json')).body
  expect(before).toEqual({
    keys: [
      {
        kty: 'OKP',
        crv: 'Ed25519',
        alg: 'EdDSA',
        use: 'sig',
        x: expect.any(String) as string,
        kid: expect.any(String) as string,
      },
    ],
  })
  await authority.restart()
  expect((await ask('GET', '/.well-known/jwks.json')).body).toEqual(before)
  // For whom it is must be known.
  const hostless = await ask('GET', '/authorize', {
    token,
    headers: { 'x-original-method': 'POST', 'x-original-uri': '/apps/web' },
  })
  expect([hostless.status, hostless.headers.get('hallpass-assertion')]).toEqual([200, ''])
})

test('a token that does not allow it is refused, and so is who has none', async () => {
  const narrowed = readonlyOf(token)
  expect((await askFor({ path: '/apps/web' }, narrowed)).status).toBe(200)
  expectRefusal(await askFor({ method: 'POST', path: '/apps/web' }, narrowed), 403)
  expectRefusal(await askFor({ path: '/apps/other' }), 403)
  expectRefusal(await askFor({ path: '/apps/web' }, 'fm2_x'), 401)
  expectRefusal(await askFor({ path: '/apps/web' }, admin.token), 401)
})

test.each([
  { path: '/other' },
  { path: '/apps/web/x' },
  { method: 'DELETE', path: '/apps/web' },
  { host: 'other.example.com', path: '/apps/web' },
  { host: 'api.example.com.', path: '/apps/web' },
  { path: '/APPS/web' },
  { path: '/apps//web' },
  { path: '/apps/%77eb' },
  { path: '/other/../apps/web' },
  { path: '/other/%2e%2e/apps/web' },
  { path: '/apps%2fweb' },
  { path: '/apps/web;x=1' },
  { path: '/apps/web%00' },
  { path: '/apps/web\\' },
  { path: 'http://api.example.com/apps/web' },
  { method: 'get', path: '/apps/web' },
  { path: `/apps/${'a'.repeat(300)}` },
])('no rule is about $method $host $path', async (held) => {
  expect(expectRefusal(await askFor(held), 403).code).toBe('forbidden')
})

test('what is said twice, or of another request, is refused', async () => {
  const good = { path: '/apps/web' }
  for (const more of [
    { 'x-original-uri': '/' },
    { 'x-original-method': 'POST' },
    { 'x-original-host': 'other' },
    { 'x-http-method-override': 'POST' },
    { 'x-original-url': '/' },
    { 'x-rewrite-url': '/' },
  ]) {
    expectRefusal(await askFor(good, token, more), 403)
  }
  const { host } = new URL(authority.url())
  const lines = (...more: readonly string[]) =>
    [
      'GET /authorize HTTP/1.1',
      `host: ${host}`,
      `authorization: ${token}`,
      'x-forwarded-method: GET',
      'x-forwarded-host: api.example.com',
      'x-forwarded-uri: /apps/web',
      'connection: close',
      ...more,
    ].join('\r\n')
  expect(await speak(authority.url(), `${lines()}\r\n\r\n`)).toContain('HTTP/1.1 200')
  for (const twice of ['x-forwarded-uri: /apps/web', 'X-Forwarded-Method: GET', 'x-forwarded-host: api.example.com']) {
    expect(await speak(authority.url(), `${lines(twice)}\r\n\r\n`)).toContain('HTTP/1.1 403')
  }
  // The line says something else than the headers.
  const headers = { 'x-forwarded-method': 'GET', 'x-forwarded-uri': '/' }
  expectRefusal(await ask('POST', '/authorize/apps/web', { token, headers }), 403)
})

test.each([
  '/authorize/..%2f',
  '/authorize//',
  '/authorize/../authorize',
  '/authorize/apps/web/../..',
  '/authorize/%61pps',
])('the line %s is of no request', async (path) => {
  const line = `GET ${path} HTTP/1.1\r\nhost: api.example.com\r\nauthorization: ${token}\r\nconnection: close\r\n\r\n`
  expect(await speak(authority.url(), line)).toMatch(/^HTTP\/1.1 40[03]/)
})

test('the query does not choose', async () => {
  const query = `action=r&org_slug=${slug}`
  expect(expectRefusal(await ask('GET', `/authorize?${query}`, { token }), 400).message).toContain('x-forwarded-method')
  expect((await ask('POST', `/authorize?${query}`, { token })).status).toBe(501)
  expectRefusal(await ask('GET', `/authorize/other?${query}`, { token }), 403)
})

describe('a sidecar with the same rules', () => {
  let sidecar: RunningSidecar
  beforeAll(async () => {
    const made = await createVerifier({ dataDirectory: authority.directory, name: 'edge', now: Date.now() })
    const credential = made.secret.reveal()
    await vi.waitUntil(async () => (await ask('GET', '/v1/revocations', { token: credential })).status === 200)
    sidecar = await openSidecar({
      authority: authority.url(),
      credential,
      listen: { host: '127.0.0.1', port: 0 },
      rules: JSON.stringify({ rules }),
      trustedProxies: ['127.0.0.1'],
      report: () => {},
    })
  })
  afterAll(() => sidecar.close())

  /** What a proxy goes by, and the service behind it. */
  function outcomeOf(said: string): unknown {
    const [, status] = /^HTTP\/1\.1 (\d+)/.exec(said) ?? []
    const [, code] = /"code":"(\w+)"/.exec(said) ?? []
    const headers = [...said.matchAll(/^(hallpass-(?:token|organization|app)): ?(.*)\r$/gim)]
    return [status, code, headers.map(([, name, value]) => `${name?.toLowerCase()}: ${value}`).toSorted()]
  }

  test('answers what the authority answers, whatever a proxy says that it holds', async () => {
    const part = fc.constantFrom(
      'apps',
      'APPS',
      'reads',
      'web',
      'nothing',
      '..',
      '.',
      '',
      '%77eb',
      '%C3%A9',
      'a%2Fb',
      'x;y',
      'x.',
    )
    const odd = fc.array(part, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`)
    const usual = fc.constantFrom('/', '/apps/web', '/apps/web?x=1', '/reads/web/x', '/reads/nothing')
    const target = fc.oneof(usual, usual, odd)
    const host = fc.constantFrom(
      'api.example.com',
      'web.example.com',
      'WEB.example.com:443',
      'api.example.com.',
      'a b',
      '',
    )
    const method = fc.constantFrom('GET', 'GET', 'POST', 'HEAD', 'PUT', 'get')
    const header = fc.oneof(
      target.map((value) => `x-forwarded-uri: ${value}`),
      target.map((value) => `x-original-uri: ${value}`),
      method.map((value) => `x-forwarded-method: ${value}`),
      host.map((value) => `x-forwarded-host: ${value}`),
      fc.constantFrom(
        'x-http-method-override: PUT',
        'X_Original.Url: /',
        'hallpass_token: x',
        'x-forwarded-for: 10.1.2.3',
      ),
    )
    const any = fc
      .tuple(method, host, target)
      .map(([one, at, uri]) => [`x-forwarded-method: ${one}`, `x-forwarded-host: ${at}`, `x-forwarded-uri: ${uri}`])
    const good = fc.constantFrom(
      ['x-forwarded-method: GET', 'x-forwarded-host: api.example.com', 'x-forwarded-uri: /apps/web?x=1'],
      ['x-original-method: POST', 'x-original-uri: /apps/web/y'],
      ['x-forwarded-method: PUT', 'x-forwarded-host: WEB.example.com:443', 'x-forwarded-uri: /reads/web'],
    )
    const said = fc.tuple(fc.oneof(any, good), fc.array(header, { maxLength: 1 })).map((both) => both.flat())
    const behind = target.map((each) => `/authorize${each}`)
    const own = fc.record({
      verb: fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'DELETE'),
      line: fc.oneof(fc.constantFrom('/authorize', '/authorize/', '/authorize?action=r&org_slug=acme'), behind),
      headers: fc.oneof(said, fc.array(header, { maxLength: 3 })),
    })
    const asProxy = fc.record({ verb: fc.constant('GET'), line: fc.constant('/authorize'), headers: said })
    const bearers = [token, token, readonlyOf(token), 'Bearer junk'].map((each) => [`authorization: ${each}`])
    const credential = fc.constantFrom([], ...bearers)
    const passed = { allowed: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(fc.oneof(asProxy, own), credential, async ({ verb, line, headers }, bearer) => {
        const lines = [`${verb} ${line} HTTP/1.1`, 'host: api.example.com', 'connection: close', ...bearer, ...headers]
        const text = `${lines.join('\r\n')}\r\n\r\n`
        const right = await speak(authority.url(), text)
        expect(outcomeOf(await speak(sidecar.url, text))).toEqual(outcomeOf(right))
        passed[right.startsWith('HTTP/1.1 200') ? 'allowed' : 'refused'] += 1
      }),
      { numRuns: 300 },
    )
    // Three dozen on average: chance makes fewer than twenty in one run of a hundred.
    expect(passed.allowed).toBeGreaterThan(5)
    expect(passed.refused).toBeGreaterThan(20)
  })
})

describe('rules', () => {
  const start = async (authorizeRules: string, trustedProxies: readonly string[] = ['127.0.0.1']) => {
    const dataDirectory = await createDirectory()
    try {
      const running = await serve({ ...optionsFor(dataDirectory), trustedProxies, authorizeRules })
      await running.close()
    } finally {
      await rm(dataDirectory, { recursive: true, force: true })
    }
  }

  test.each([
    ['{', 'is not JSON'],
    ['{"rules":[]}', 'no rule'],
    [
      JSON.stringify({ rules: [...rules, { methods: ['*'], path: '/', access: { action: 'x', org_slug: 'a' } }] }),
      'rule 6',
    ],
    [JSON.stringify({ rules: [{ methods: ['*'], path: '/', access: { action: 'r' } }] }), 'org_slug'],
    [
      JSON.stringify({
        rules: [{ methods: ['*'], path: '/{m}', access: { action: 'r', org_slug: 'a', machine_id: '{m}' } }],
      }),
      'machine_id needs app_name',
    ],
  ])('with a mistake keep the authority from starting: %.60s', async (text, word) => {
    const attempt = start(await writeRules(text))
    await expect(attempt).rejects.toMatchObject({ code: 'configuration_invalid' })
    await expect(attempt).rejects.toThrow(word)
  })

  test('need their file, and a proxy that may say what it holds', async () => {
    await expect(start(join(directory, 'nothing.json'))).rejects.toThrow(
      '--authorize-rules names a file that cannot be read (no such file or directory)',
    )
    const file = await writeRules(JSON.stringify({ rules }))
    await expect(start(file, [])).rejects.toThrow('--authorize-rules needs --trusted-proxies')
    await start(file)
  })
})

/** What a service that is careless makes of an address: decoded twice, with any slash, without parameters, with dots resolved. */
function readCarelessly(url: string): string {
  const decode = (text: string) =>
    text.replaceAll(/%([0-7][0-9a-f])/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  const [path = ''] = decode(decode(url)).split('?', 1)
  return new URL(
    `http://a${path
      .replaceAll('\\', '/')
      .replaceAll(/;[^/]*/g, '')
      .replaceAll(/\/+/g, '/')}`,
  ).pathname
}

describe.each([
  ['nginx', 'nginx, by rules'],
  ['caddy', 'Caddy, by rules'],
  ['traefik', 'Traefik, by rules'],
  ['envoy', 'Envoy, by rules'],
] as const)('%s', (name, heading) => {
  let gateway: Gateway | undefined
  afterEach(() => gateway?.close())

  test.skipIf(!isThere(name))(
    'lets through what its rule asks of a token, as docs/gateways.md has it, and nothing that a client makes up (skipped where it is not on the PATH)',
    async () => {
      gateway = await openGateway(name, await readRecipe(heading), authority.url())
      const { seen, send, said } = gateway
      await expect
        .poll(async () => (await send('GET', '/').catch(() => undefined))?.status ?? said(), { timeout: 20_000 })
        .toBe(401)
      const bearer = (header: string) => ({ authorization: header.replace(/^FlyV1 /, 'Bearer ') })
      const [whole, narrowed] = [bearer(token), bearer(readonlyOf(token))]
      const made = {
        'hallpass-token': 'admin',
        'Hallpass-Organization': 'other',
        'hallpass-app': 'other',
        'hallpass-assertion': 'made up',
      }
      expect(await send('GET', '/reads/web/page?x=%2e', { ...narrowed, ...made })).toMatchObject({ status: 200 })
      const told = { 'hallpass-token': id, 'hallpass-organization': slug, 'hallpass-app': 'web' }
      expect(seen.at(-1)).toMatchObject({ method: 'GET', url: '/reads/web/page?x=%2e', headers: told })
      const asserted = await readAssertion(seen.at(-1)?.headers['hallpass-assertion'], 'web.example.com')
      expect(asserted).toMatchObject({ sub: id, htm: 'GET', htu: '/reads/web/page', action: 'r' })
      expect(seen.at(-1)?.headers.authorization || undefined).toBeUndefined()
      expect((await send('POST', '/reads/web', { ...whole, 'content-type': 'text/plain' }, 'content')).status).toBe(200)
      expect(seen.at(-1)).toMatchObject({ method: 'POST', body: 'content' })
      const passed = seen.length

      // Not allowed, or about nothing that a rule is about.
      for (const method of ['POST', 'DELETE', 'OPTIONS']) {
        expect([method, (await send(method, '/reads/web', narrowed)).status]).toEqual([method, 403])
      }
      for (const path of ['/reads/other', '/secret', '/reads', '/Reads/web', '/apps/web']) {
        expect([path, (await send('GET', path, whole)).status]).toEqual([path, 403])
      }
      // As if it were another request.
      const claims = {
        'x-forwarded-method': 'GET',
        'x-forwarded-uri': '/reads/web',
        'x-forwarded-host': 'web.example.com',
        'x-original-method': 'GET',
        'x-original-uri': '/reads/web',
        'x-original-host': 'web.example.com',
      }
      expect((await send('POST', '/reads/web', { ...narrowed, ...claims })).status).toBe(403)
      expect((await send('GET', '/secret', { ...whole, ...claims })).status).toBe(403)
      expect(seen).toHaveLength(passed)

      // Whatever reaches the service is what its rule is about, however carelessly it is read.
      const tricks = [
        '/reads/web/../../secret',
        '/reads/web/%2e%2e/%2e%2e/secret',
        '/reads/web/.%2e/.%2E/secret',
        '/reads/web/..%2f..%2fsecret',
        '/reads/web/..%5c..%5csecret',
        '/reads/web/%252e%252e/%252e%252e/secret',
        '/reads/web/..;/..;/secret',
        '/reads/web;/../../secret',
        '/reads/web/\\..\\..\\secret',
        '/reads/web//..//..//secret',
        '//secret',
        '/%73ecret',
        '/secret?/reads/web',
        '/secret%3f/reads/web',
        '/secret%23/reads/web',
        '/reads/web%00/../../secret',
        '/reads/web/%c0%ae%c0%ae/%c0%ae%c0%ae/secret',
        '/authorize/reads/web',
        '/_hallpass',
        '/_hallpass/../secret',
        'http://web.example.com/secret',
        'http://other.example.com/reads/web/../../secret',
        '/?action=r&org_slug=acme',
      ]
      for (const path of tricks) await send('GET', path, whole).catch(() => undefined)
      for (const { url } of seen.slice(passed)) expect(readCarelessly(url)).toMatch(/^\/(?:reads\/web(?:\/|$)|$)/)
      for (const { url } of seen.slice(passed)) expect(url).not.toContain('secret')

      // What some services would read as a header of the authority, or as another method or path.
      const before = seen.length
      const disguised = ['hallpass_token', 'Hallpass.Token', 'hallpass-token_', 'Hallpass+App', "hallpass'assertion"]
      const overriding = ['http-method-override', 'http-method', 'method-override', 'original-url', 'rewrite-url']
      for (const header of [
        ...disguised,
        ...overriding.flatMap((end) => [`x-${end}`, `X_${end}`, `x.${end.replaceAll('-', '.')}`]),
      ]) {
        await send('GET', '/reads/web', { ...narrowed, [header]: header.endsWith('url') ? '/secret' : 'DELETE' })
      }
      const names = new Set(['hallpass-token', 'hallpass-organization', 'hallpass-app', 'hallpass-assertion'])
      for (const { headers } of seen.slice(before)) {
        for (const header of Object.keys(headers).filter((each) => !names.has(each))) {
          expect(header.replaceAll(/[^a-z0-9]/g, '-')).not.toMatch(/^(?:hallpass-|x-(?:http|method|original|rewrite)-)/)
        }
        expect(headers['hallpass-token']).toBe(id)
      }

      // The address of the client is that of its connection.
      const caveats = (network: string) => [{ type: 'Networks', body: { networks: [network] } }]
      const [here, elsewhere] = await Promise.all(
        ['127.0.0.0/8', '10.0.0.0/8'].map(async (network) =>
          bearer((await mint(ask, admin.token, slug, { caveats: caveats(network) })).token),
        ),
      )
      const spoofed = { 'x-forwarded-for': '10.0.0.1' }
      expect((await send('GET', '/reads/web', { ...elsewhere, ...spoofed })).status).toBe(403)
      expect((await send('GET', '/reads/web', { ...here, ...spoofed })).status).toBe(200)

      // The authority that is gone lets nobody through.
      const last = seen.length
      await authority.stop()
      expect((await send('GET', '/reads/web', whole)).status).not.toBe(200)
      expect(seen).toHaveLength(last)
      await authority.restart()
    },
    90_000,
  )
})
