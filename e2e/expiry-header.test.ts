// The header of answers that says when a token ends, at every door.
import { expect, test } from 'vitest'

import { createClient } from '@hallpass/client'
import { formatAuthorization } from '@hallpass/macaroon'

import type { Answer } from './http.ts'
import { bundle, endingAt, forge, nowInSeconds, readMacaroon } from './macaroons.ts'
import { createApp, mint, revoke } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

const prepared = prepareAuthority()
const { ask, admin, authority } = prepared
const slug = prepareOrganisation(prepared)
const name = 'hallpass-token-expires'
const endIn = (answer: Answer) => answer.headers.get(name)
const day = 86_400

test('every answer to a token that ends within a week says when, refusals too, at each door', async () => {
  const app = await createApp(ask, admin.token, slug)
  const { token, expires_at } = await mint(ask, admin.token, slug, { expiry: '48h' })
  const graphql = (query: string) => ask('POST', '/graphql', { token, body: { query } })
  const machines = `/v1/apps/${app.name}/machines`
  const answers: Readonly<Record<string, [number, Answer]>> = {
    list: [200, await ask('GET', `/v1/apps?org_slug=${slug}`, { token })],
    'long list': [200, await ask('GET', `/v1/orgs/${slug}/tokens`, { token })],
    'a proxy asks': [200, await ask('GET', `/authorize?action=r&app_name=${app.name}`, { token })],
    machines: [200, await ask('GET', machines, { token })],
    flyctl: [200, await ask('GET', `/api/v1/organizations/${slug}`, { token })],
    query: [200, await graphql('{ viewer { __typename } }')],
    'a query that is refused': [200, await graphql('{ nothing }')],
    'a query that is too long': [200, await graphql(`{ ${'a '.repeat(70_000)} }`)],
    'no such thing': [404, await ask('GET', '/v1/apps/nothing', { token })],
    malformed: [400, await ask('POST', '/v1/apps', { token, text: '{' })],
    'too large': [413, await ask('POST', '/v1/apps', { token, text: `"${'a'.repeat(70_000)}"` })],
    'of another type': [
      415,
      await ask('POST', '/v1/apps', { token, text: '{}', headers: { 'content-type': 'text/html' } }),
    ],
    forbidden: [403, await ask('POST', '/v1/orgs', { token, body: { name: 'Other' } })],
    'a WebSocket that is none': [
      400,
      await ask('GET', `${machines}/1/exec/stream`, { token, headers: { 'hallpass-command': 'e30' } }),
    ],
  }
  for (const [what, [status, answer]] of Object.entries(answers)) {
    expect([what, answer.status, endIn(answer)], answer.text).toEqual([what, status, expires_at])
  }
})

test('the narrowest caveat counts, and of several tokens the one that ends first; a year and a login say nothing', async () => {
  const long = await mint(ask, admin.token, slug, { expiry: '8760h' })
  const end = nowInSeconds() + 3 * day
  const of = async (token: string) => endIn(await ask('GET', '/v1/orgs', { token }))
  expect(await of(long.token)).toBeNull()
  expect(await of(admin.token)).toBeNull()
  expect(await of(endingAt(long.token, nowInSeconds() + 8 * day))).toBeNull()
  expect(await of(endingAt(long.token, end))).toBe(new Date(end * 1000).toISOString())
  const other = await mint(ask, admin.token, slug, { expiry: '24h' })
  expect(await of(bundle(long.token, other.token))).toBe(other.expires_at)
  // A dead one beside it does not count, from the first answer on.
  expect(await of(bundle(other.token, long.token))).toBe(other.expires_at)
  await revoke(ask, admin.token, other.id)
  for (const token of [bundle(other.token, long.token), bundle(long.token, other.token)])
    expect(await of(token)).toBeNull()
})

test('a token that was rotated says its new end, also where it was used before', async () => {
  const old = await mint(ask, admin.token, slug, { expiry: '8760h' })
  const use = () => ask('GET', '/v1/orgs', { token: old.token })
  expect(endIn(await use())).toBeNull()
  await ask('POST', `/v1/tokens/${old.id}/rotate`, { token: admin.token, body: { grace: '24h' } })
  const said = endIn(await use())
  expect(Math.round((Date.parse(said ?? '') - Date.now()) / 3_600_000)).toBe(24)
  expect(endIn(await ask('POST', '/v1/apps', { token: old.token, text: '{' }))).toBe(said)
})

test('a refused token, and one that a service asks about, have none', async () => {
  const { token, id } = await mint(ask, admin.token, slug, { expiry: '48h' })
  const header = formatAuthorization([readMacaroon(token).bytes])
  for (const path of ['/v1/tokens/authenticate']) {
    const answer = await ask('POST', path, { body: { header } })
    expect([answer.status, endIn(answer)]).toEqual([200, null])
  }
  const forged = await ask('GET', '/v1/orgs', { token: forge(token) })
  expect([forged.status, endIn(forged)]).toEqual([401, null])
  expect((await ask('GET', '/v1/orgs', { token })).status).toBe(200)
  await revoke(ask, admin.token, id)
  const revoked = await ask('GET', '/v1/orgs', { token })
  expect([revoked.status, endIn(revoked)]).toEqual([401, null])
})

test('the client tells its caller, of refusals too', async () => {
  const { token, expires_at } = await mint(ask, admin.token, slug, { expiry: '48h' })
  const told: string[] = []
  const client = createClient({ url: authority.url(), token, onExpiry: (end) => told.push(end.toISOString()) })
  await client.listOrganisations()
  await expect(client.showApp({ app_name: 'nothing' })).rejects.toThrow()
  expect(told).toEqual([expires_at, expires_at])
})
