// RFC 7662: a service with an OAuth client asks whether a token allows what its address says.
import { randomBytes } from 'node:crypto'

import { actions } from '@hallpass/macaroon'
import fc from 'fast-check'
import { beforeAll, expect, test, vi } from 'vitest'

import { createVerifier, revokeVerifier } from '../packages/authority/src/main.ts'
import type { Answer } from './http.ts'
import { bundle, endingAt, forge, narrow, nowInSeconds, onlyFor, readonlyOf } from './macaroons.ts'
import { createApp, createOrganisation, mint, revoke, unique } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

const prepared = prepareAuthority()
const { ask, admin, authority } = prepared
const slug = prepareOrganisation(prepared)
let credential = ''
let appId = 0
beforeAll(async () => {
  credential = await makeVerifier('edge')
  ;({ internal_numeric_id: appId } = await createApp(ask, admin.token, slug, 'web'))
})

async function makeVerifier(name: string): Promise<string> {
  const place = { dataDirectory: authority.directory, now: Date.now() }
  const secret = (await createVerifier({ ...place, name })).secret.reveal()
  await vi.waitUntil(async () => (await introspect('x', { token: secret })).status === 200, 10_000)
  return secret
}

const usual = () => `action=r&org_slug=${slug}`
type Given = Readonly<Partial<Record<'token' | 'query' | 'text' | 'type', string>>>

function introspect(
  token: string,
  given: Given & { readonly form?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  const { query = usual(), text, type = 'application/x-www-form-urlencoded', form = {} } = given
  return ask('POST', `/oauth/introspect?${query}`, {
    token: given.token ?? credential,
    text: text ?? new URLSearchParams({ token, ...form }).toString(),
    headers: { 'content-type': type },
  })
}
const isActive = async (...asked: Parameters<typeof introspect>) => {
  const { status, body } = await introspect(...asked)
  expect(status).toBe(200)
  return (body as { readonly active: boolean }).active
}

test('a token that allows the access is active, and the answer says whose it is and when it ends', async () => {
  const { id, token, created_at, expires_at } = await mint(ask, admin.token, slug)
  const answer = await introspect(token, {
    query: `${usual()}&app_name=web`,
    form: { token_type_hint: 'access_token' },
  })
  const seconds = (at: string) => Math.floor(Date.parse(at) / 1000)
  expect([answer.status, answer.body]).toEqual([
    200,
    {
      active: true,
      iss: authority.url(),
      sub: id,
      iat: seconds(created_at),
      exp: seconds(expires_at),
      token_type: 'Bearer',
      action: 'r',
      organization: { id: expect.any(Number) as number, slug },
      app: { id: appId, name: 'web' },
    },
  ])
  expect(answer.headers.get('cache-control')).toBe('no-store')
  // Without a scheme, as a client has it that took it out of its header; and with what narrows its end.
  const soon = Math.floor(Date.now() / 1000) + 600
  const ending = narrow(token, { type: 'ValidityWindow', notBefore: 0n, notAfter: BigInt(soon) }).replace('FlyV1 ', '')
  expect((await introspect(ending)).body).toMatchObject({ active: true, sub: id, exp: soon })
  const basic = `Basic ${Buffer.from(`edge:${credential}`).toString('base64')}`
  expect(await isActive(token, { token: basic })).toBe(true)
})

test('whatever else is asked about is not active, and nothing is said of it', async () => {
  const { token } = await mint(ask, admin.token, slug)
  const dead = await mint(ask, admin.token, slug)
  await revoke(ask, admin.token, dead.id)
  const other = await createOrganisation(ask, admin.token)
  const label = (of: string, agent: string) => narrow(of, { type: 'RunLabel', agent, run: '', onBehalfOf: '' })
  const [leaked, sibling] = [label(token, 'leaked'), endingAt(token, nowInSeconds() + 600)]
  const body = { derived: leaked }
  expect((await ask('POST', '/v1/tokens/revoke-derived', { token: admin.token, body })).status).toBe(200)
  expect(await isActive(sibling)).toBe(true)
  const strict = await createOrganisation(ask, admin.token)
  const blocked = await mint(ask, admin.token, strict.slug, { expiry: '20d' })
  const limit = { max_token_lifetime: '1d' }
  expect((await ask('PATCH', `/v1/orgs/${strict.slug}/policy`, { token: admin.token, body: limit })).status).toBe(200)
  const asked: readonly (readonly [string, Given?])[] = [
    ['x'],
    [dead.token],
    [leaked],
    [label(leaked, 'below')],
    [endingAt(token, nowInSeconds() - 60)],
    [blocked.token, { query: `action=r&org_slug=${strict.slug}` }],
    [forge(token)],
    [token.slice(0, -8)],
    [admin.token],
    [credential],
    [sibling, { query: `action=r&org_slug=${strict.slug}` }],
    [readonlyOf(dead.token)],
    [readonlyOf(token), { query: `action=w&org_slug=${slug}` }],
    [onlyFor(token, appId + 1), { query: `${usual()}&app_name=web` }],
    [token, { query: `action=r&org_slug=${other.slug}` }],
    [token, { query: 'action=r&org_slug=nobody' }],
    [token, { query: 'action=r&app_name=nothing' }],
  ]
  for (const [sent, given] of asked) {
    const { status, body } = await introspect(sent, given)
    expect([status, body]).toEqual([200, { active: false }])
  }
})

test('the address that the service reports is held against networks', async () => {
  const caveats = [{ type: 'Networks', body: { networks: ['10.0.0.0/8'] } }]
  const { token } = await mint(ask, admin.token, slug, { caveats })
  expect(await isActive(token)).toBe(false)
  expect(await isActive(token, { form: { source_address: '10.1.2.3' } })).toBe(true)
  expect(await isActive(token, { form: { source_address: '192.0.2.1' } })).toBe(false)
})

test('who asks has the credential of a verifier', async () => {
  const { token } = await mint(ask, admin.token, slug)
  for (const stranger of [
    admin.token,
    token,
    `fv1_${'A'.repeat(43)}`,
    `Basic ${Buffer.from('edge:x').toString('base64')}`,
  ]) {
    const { status, headers, body } = await introspect(token, { token: stranger })
    expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="hallpass"'])
    expect(body).toEqual({ error: 'invalid_client', error_description: expect.stringContaining('verifier') as string })
  }
  const name = unique('gone')
  const secret = await makeVerifier(name)
  await revokeVerifier({ dataDirectory: authority.directory, name, now: Date.now() })
  await expect.poll(async () => (await introspect(token, { token: secret })).status).toBe(401)
})

test.each([
  [400, { query: '' }, /org_slug|action/],
  [400, { query: 'org_slug=acme' }, /action/],
  [400, { query: 'action=r' }, /org_slug/],
  [400, { query: 'action=r&org_slug=acme&more=1' }, /more/],
  [400, { query: 'action=r&org_slug=acme&source_address=10.0.0.1' }, /in the form/],
  [400, { text: 'x=y' }, /token is missing/],
  [400, { text: 'token=a&token=b' }, /twice/],
  [400, { text: '{}', type: 'application/json' }, /no form/],
  [415, { text: '<a/>', type: 'text/xml' }, /no form/],
  [413, { text: `token=${'a'.repeat(70_000)}` }, /64 KiB/],
] as const)('%s for %j', async (status, given, reason) => {
  const answer = await introspect('x', given)
  expect([answer.status, answer.body]).toEqual([
    status,
    { error: 'invalid_request', error_description: expect.stringMatching(reason) as string },
  ])
})

test('a token is active exactly where it would be authorized', async () => {
  const [good, dead] = [await mint(ask, admin.token, slug), await mint(ask, admin.token, slug)]
  await revoke(ask, admin.token, dead.id)
  const tokens = [
    good.token,
    dead.token,
    readonlyOf(good.token),
    onlyFor(good.token, appId),
    narrow(good.token, { type: 'Action', mask: actions.write }),
    bundle(dead.token, readonlyOf(good.token)),
    forge(good.token, { rnd: randomBytes(16) }),
    admin.token,
  ]
  const access = fc.record({
    action: fc.constantFrom('r', 'w', 'rw', 'C'),
    app_name: fc.constantFrom('web', 'nothing', undefined),
    org_slug: fc.constantFrom(slug, 'nobody'),
  })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...tokens), access, async (token, { app_name, ...rest }) => {
      const asked = { ...rest, ...(app_name === undefined ? {} : { app_name }) }
      const { status } = await ask('POST', '/v1/tokens/authorize', { body: { header: token, access: asked } })
      expect(await isActive(token, { query: new URLSearchParams(asked).toString() })).toBe(status === 200)
    }),
    { numRuns: 60 },
  )
})
