// Tokens that are good from some networks only: through every door, by the address that trusted proxies report.
import { beforeAll, describe, expect, test } from 'vitest'

import type { AskedAccess } from '@hallpass/client'
import { routes } from '@hallpass/client/contract'
import { parseNetwork } from '@hallpass/macaroon/narrow'

import { expectAnswer, expectRefusal } from './http.ts'
import { narrow, readMacaroon } from './macaroons.ts'
import { createApp, mint } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

const office = ['10.0.0.0/8', '2001:db8::/32']
const caveats = [{ type: 'Networks', body: { networks: office } }]
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })
const inside = from('10.1.2.3')
const outside = from('203.0.113.7')

describe('a token that is good from networks', () => {
  const prepared = prepareAuthority({ trustedProxies: ['127.0.0.1'], engine: 'unix:///nowhere' })
  const { ask, admin } = prepared
  const slug = prepareOrganisation(prepared)
  let token = ''
  let id = ''
  beforeAll(async () => {
    await createApp(ask, admin.token, slug, 'web')
    ;({ token, id } = await mint(ask, admin.token, slug, { caveats }))
  })
  const mintHere = async () => (await mint(ask, admin.token, slug)).token

  test.each(['10.0.0.1', '::ffff:10.0.0.1', '2001:db8:9::1', '[2001:db8::1]:5001', '192.0.2.1, 10.9.9.9'])(
    'is good from %s',
    async (address) => {
      const asked = { token, ...from(address) }
      expect((await ask('GET', `/v1/orgs/${slug}`, asked)).status).toBe(200)
      expect((await ask('GET', `/v1/apps?org_slug=${slug}`, asked)).body).toMatchObject({ total_apps: 1 })
    },
  )

  test.each(['11.0.0.1', '2001:db9::1', '10.0.0.1, 203.0.113.7'])('is good for nothing from %s', async (address) => {
    const asked = { token, ...from(address) }
    const { message: said } = expectRefusal(await ask('GET', `/v1/orgs/${slug}`, asked), 403)
    const last = address.split(', ').at(-1) ?? ''
    expect(said).toContain(
      `Networks allows only what comes from 10.0.0.0/8 or 2001:db8::/32, and this comes from ${last}`,
    )
  })

  test('is refused by every door from elsewhere, and does not say whose it is', async () => {
    for (const path of [
      '/v1/apps/web',
      `/v1/apps?org_slug=${slug}`,
      '/v1/apps/web/machines',
      '/v1/tokens/current',
      '/v1/orgs',
      `/v1/tokens/${id}`,
    ]) {
      expect((await ask('GET', path, { token, ...inside })).status, path).toBe(200)
      expectRefusal(await ask('GET', path, { token, ...outside }), 403)
    }
    const query = { query: '{ organizations { nodes { slug } } }' }
    expect((await ask('POST', '/graphql', { token, body: query, ...inside })).text).toContain(slug)
    const refused = await ask('POST', '/graphql', { token, body: query, ...outside })
    expect(refused.text).not.toContain(slug)
    expect(refused.text).toContain('Networks')
  })

  test('is narrowed so by its holder, and hands the caveat on to what it mints', async () => {
    const narrowed = narrow(await mintHere(), { type: 'Networks', networks: [parseNetwork('10.1.0.0/16')] })
    expect((await ask('GET', `/v1/orgs/${slug}`, { token: narrowed, ...from('10.2.0.0') })).status).toBe(403)
    const minted = await ask('POST', `/v1/orgs/${slug}/tokens`, { token: narrowed, body: {}, ...inside })
    const child = expectAnswer(routes.createToken, minted)
    expect(child.caveats).toContainEqual({ type: 'Networks', body: { networks: ['10.1.0.0/16'] } })
    expect((await ask('GET', `/v1/orgs/${slug}`, { token: child.token, ...inside })).status).toBe(200)
    expect((await ask('GET', `/v1/orgs/${slug}`, { token: child.token, ...outside })).status).toBe(403)
  })

  test('lists only what it reads from there', async () => {
    const somewhere = narrow(await mintHere(), { type: 'Networks', networks: [parseNetwork('192.0.2.0/24')] })
    expectRefusal(await ask('GET', `/v1/apps?org_slug=${slug}`, { token: somewhere, ...inside }), 403)
    // Beside another one, it adds nothing to what is listed.
    const both = [somewhere, await mintHere()].map((each) => each.replace('FlyV1 ', '')).join(',')
    const listed = await ask('GET', `/v1/apps?org_slug=${slug}`, { token: `FlyV1 ${both}`, ...inside })
    expect(listed.body).toMatchObject({ total_apps: 1 })
  })

  test('ends itself from anywhere', async () => {
    const other = await mint(ask, admin.token, slug, { caveats })
    expectRefusal(await ask('GET', `/v1/tokens/${other.id}`, { token: other.token, ...outside }), 403)
    const ended = await ask('DELETE', `/v1/tokens/${other.id}`, { token: other.token, ...outside })
    expect(expectAnswer(routes.revokeToken, ended).state).toBe('revoked')
  })

  test('is judged by the address that a service reports, and never by its own', async () => {
    const authorize = async (access: Partial<AskedAccess>) =>
      ask('POST', '/v1/tokens/authorize', {
        body: { header: token, access: { action: 'r', org_slug: slug, ...access } },
        ...inside,
      })
    const allowed = await authorize({ source_address: '2001:db8::7' })
    expect(expectAnswer(routes.authorizeToken, allowed).access).toMatchObject({ sourceAddress: '2001:db8::7' })
    expect(expectRefusal(await authorize({ source_address: '203.0.113.7' }), 403).message).toContain('203.0.113.7')
    expect(expectRefusal(await authorize({}), 403).message).toContain('the address that this comes from is not said')
    expect(expectRefusal(await authorize({ source_address: '10.0.0.1:80' }), 400).message).toContain('source_address')
    const known = await ask('POST', '/v1/tokens/authenticate', { body: { header: token }, ...outside })
    expect(expectAnswer(routes.authenticateTokens, known)).toHaveLength(1)
  })

  test('stays good for a call that waits, by the address of its connection', async () => {
    const body = { config: { image: 'test/busybox:1' }, skip_launch: true }
    const made = await ask('POST', '/v1/apps/web/machines', { token: admin.token, body })
    const { id: machine } = made.body as { readonly id: string }
    const path = `/v1/apps/web/machines/${machine}/wait?state=started&timeout=1`
    expect((await ask('GET', path, { token, ...inside })).status).toBe(408)
    expect((await ask('GET', path, { token, ...outside })).status).toBe(403)
  })

  test('names the field of a wrong network, and keeps one spelling', async () => {
    const body = (networks: unknown) => ({ caveats: [{ type: 'Networks', body: { networks } }] })
    const post = async (networks: unknown) =>
      ask('POST', `/v1/orgs/${slug}/tokens`, { token: admin.token, body: body(networks) })
    const { message: said } = expectRefusal(await post(['10.0.0.0/8', '10.1.0.0/8']), 400)
    expect(said).toContain('networks.1 is no such caveat: has bits beyond its length: write 10.0.0.0/8')
    const minted = expectAnswer(routes.createToken, await post(['192.0.2.1', '10.1.0.0/16', '::ffff:10.0.0.0/104']))
    expect(minted.caveats).toContainEqual({ type: 'Networks', body: { networks: ['10.0.0.0/8', '192.0.2.1/32'] } })
    expect(readMacaroon(minted.token).unsafeCaveats.some(({ type }) => type === 'Networks')).toBe(true)
  })
})

describe('without a trusted proxy', () => {
  const prepared = prepareAuthority()
  const slug = prepareOrganisation(prepared)

  test('the address is that of the connection, whatever a header claims', async () => {
    const { ask, admin } = prepared
    const { token } = await mint(ask, admin.token, slug, { caveats })
    const { message } = expectRefusal(await ask('GET', `/v1/orgs/${slug}`, { token, ...inside }), 403)
    expect(message).toContain('127.0.0.1')
    const here = [{ type: 'Networks', body: { networks: ['127.0.0.0/8'] } }]
    const local = (await mint(ask, admin.token, slug, { caveats: here })).token
    expect((await ask('GET', `/v1/orgs/${slug}`, { token: local, ...inside })).status).toBe(200)
  })
})
