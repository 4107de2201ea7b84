// Forward authentication: what the authority answers a proxy, and the recipes of docs/gateways.md with the real programs.
import { afterEach, beforeAll, describe, expect, test } from 'vitest'

import { startFaultyProxy, type FaultyProxy } from './faulty-proxy.ts'
import { isThere, openGateway, readRecipe, type Gateway } from './gateway.ts'
import { expectRefusal } from './http.ts'
import { readonlyOf } from './macaroons.ts'
import { createApp, createOrganisation, mint, revoke } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

const prepared = prepareAuthority({ trustedProxies: ['127.0.0.1'] })
const { ask, admin, authority } = prepared
const slug = prepareOrganisation(prepared)
let token = ''
let id = ''
beforeAll(async () => {
  await createApp(ask, admin.token, slug, 'web')
  ;({ token, id } = await mint(ask, admin.token, slug))
})

const authorize = (query: string, asked: Parameters<typeof ask>[2] = { token }) =>
  ask('GET', `/authorize?${query}`, asked)

describe('GET /authorize', () => {
  test('lets pass what a token allows, and says which token', async () => {
    const answer = await authorize(`action=rw&org_slug=${slug}&app_name=web`)
    expect([answer.status, answer.body]).toEqual([200, { token: id, organization: slug, app: 'web', action: 'rw' }])
    const names = ['hallpass-token', 'hallpass-organization', 'hallpass-app', 'cache-control']
    expect(names.map((name) => answer.headers.get(name))).toEqual([id, slug, 'web', 'no-store'])
    expect((await authorize(`action=r&org_slug=${slug}`)).headers.get('hallpass-app')).toBe('')
  })

  test('refuses what it does not allow, and who has none', async () => {
    const narrowed = readonlyOf(token)
    expect((await authorize('action=r&app_name=web', { token: narrowed })).status).toBe(200)
    const refusal = expectRefusal(await authorize('action=w&app_name=web', { token: narrowed }), 403)
    expect(refusal).toMatchObject({ code: 'forbidden', message: expect.stringContaining('Organization') as string })
    const other = await createOrganisation(ask, admin.token)
    expectRefusal(await authorize(`action=r&org_slug=${other.slug}`), 403)
    for (const unknown of ['app_name=nothing', 'org_slug=nobody']) {
      expectRefusal(await authorize(`action=r&${unknown}`), 403)
    }
    for (const nothing of [undefined, 'fm2_x', 'Basic eDp5']) {
      const { status, headers } = await authorize('action=r&app_name=web', { token: nothing })
      expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="hallpass"'])
    }
    const dead = await mint(ask, admin.token, slug)
    await revoke(ask, admin.token, dead.id)
    expectRefusal(await authorize('action=r&app_name=web', { token: dead.token }), 401)
  })

  test('refuses a request that some services would take for another one', async () => {
    for (const name of ['x-http-method-override', 'x_original_url', 'hallpass_token', 'hallpass.app']) {
      const asked = authorize('action=r&app_name=web', { token, headers: { [name]: 'x' } })
      expectRefusal(await asked, 403)
    }
  })

  test('takes no login of a person, as a token or as a cookie', async () => {
    const { message } = expectRefusal(await authorize(`action=r&org_slug=${slug}`, { token: admin.token }), 401)
    expect(message).toContain('an auth token is only for its owner')
    const entered = await ask('POST', '/web/session', {
      body: { email: admin.email, password: admin.password },
      headers: { 'sec-fetch-site': 'same-origin' },
    })
    const cookie = entered.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ')
    const headers = { cookie, 'sec-fetch-site': 'same-origin' }
    expect(cookie).not.toBe('')
    expectRefusal(await authorize(`action=r&org_slug=${slug}`, { headers }), 401)
  })

  test('holds a caveat about networks against the address that a trusted proxy reports', async () => {
    const caveats = [{ type: 'Networks', body: { networks: ['10.0.0.0/8'] } }]
    const bound = (await mint(ask, admin.token, slug, { caveats })).token
    const from = (address: string) =>
      authorize('action=r&app_name=web', { token: bound, headers: { 'x-forwarded-for': address } })
    expect((await from('10.1.2.3')).status).toBe(200)
    expectRefusal(await from('192.0.2.1'), 403)
    expectRefusal(await from('10.1.2.3, unknown'), 403)
    const claimed = await authorize('action=r&app_name=web&source_address=10.1.2.3', { token: bound })
    expect(expectRefusal(claimed, 400).message).toContain('source_address')
  })

  test.each([
    ['', 'org_slug'],
    ['action=r', 'org_slug'],
    ['action=x&app_name=web', 'action'],
    ['app_name=web', 'action'],
    ['action=&app_name=web', 'action'],
    ['action=r&action=w&app_name=web', 'action'],
    ['action=r&app_name=web&path=/', 'path'],
    ['action=r&machine_id=1', 'machine_id'],
  ])('refuses the query "%s", and says why', async (query, word) => {
    expect(expectRefusal(await authorize(query), 400).message).toContain(word)
  })
})

describe.each(['nginx', 'caddy'] as const)('%s', (name) => {
  let gateway: Gateway | undefined
  let between: FaultyProxy | undefined
  afterEach(async () => {
    await gateway?.close()
    await between?.close()
  })

  test.skipIf(!isThere(name))(
    'lets through what a token allows, as docs/gateways.md has it, and nothing that a client makes up (skipped where it is not on the PATH)',
    async () => {
      const recipe = await readRecipe(name === 'nginx' ? 'nginx' : 'Caddy')
      let connections = 0
      between = await startFaultyProxy(() => authority.url())
      between.tamper(() => {
        connections += 1
        return (piece) => [piece]
      })
      gateway = await openGateway(name, recipe.replaceAll('org_slug=acme', `org_slug=${slug}`), between.url)
      const { seen, send, said } = gateway
      await expect.poll(async () => (await send('GET', '/').catch(() => undefined))?.status ?? said()).toBe(401)
      const narrowed = readonlyOf(token).replace(/^FlyV1 /, 'Bearer ')
      const authorization = token.replace(/^FlyV1 /, 'Bearer ')
      expect(seen).toEqual([])
      const made = {
        'hallpass-token': 'admin',
        hallpass_token: 'admin',
        'hallpass-organization': 'other',
        hallpass_organization: 'other',
        'hallpass-app': 'other',
        'x-forwarded-for': '10.0.0.1',
      }
      expect(await send('GET', '/page?x=1', { authorization: narrowed, ...made })).toMatchObject({ status: 200 })
      const names = { 'hallpass-token': id, 'hallpass-organization': slug, 'hallpass-app': 'web' }
      expect(seen[0]).toMatchObject({ url: '/page?x=1', headers: names })
      for (const gone of ['authorization', 'hallpass_token', 'hallpass_organization']) {
        expect(seen[0]?.headers[gone]).toBeUndefined()
      }
      // Nor can a client take away what says who passes, as a header of this connection alone (RFC 9110 §7.6.1).
      for (const connection of [
        'Hallpass-Token',
        'close, hallpass-token',
        'close,HALLPASS-APP,hallpass-organization',
      ]) {
        const before = seen.length
        const { status } = await send('GET', '/page', { authorization: narrowed, connection })
        const served = seen.slice(before)
        expect([connection, status]).toEqual([connection, served.length === 0 ? 400 : 200])
        for (const { headers } of served) expect(headers).toMatchObject(names)
      }
      const count = seen.length
      // What is asked is not for the client to say.
      const attempts = [
        '/?action=r&app_name=other',
        '/%3Faction=r&org_slug=other',
        '//authorize?action=',
        '/..%2f..%2fauthorize',
        '/_hallpass',
        '/_hallpass?action=&org_slug=x',
      ]
      for (const path of attempts) {
        const { status } = await send('GET', path, made)
        expect([path, [400, 401, 404].includes(status ?? 0)]).toEqual([path, true])
      }
      expect(seen).toHaveLength(count)
      for (const method of ['POST', 'DELETE', 'OPTIONS', 'PROPFIND']) {
        expect((await send(method, '/page', { authorization: narrowed, ...made })).status).toBe(403)
      }
      expect(seen).toHaveLength(count)
      expect((await send('POST', '/page', { authorization, ...made }, 'content')).status).toBe(200)
      expect(seen[count]?.body).toBe('content')
      // Each new connection costs the gateway and the authority more than the question.
      expect(connections).toBeLessThan(4)
      // The authority that is gone lets nobody through.
      await authority.stop()
      expect((await send('GET', '/page', { authorization })).status).toBeGreaterThanOrEqual(500)
      expect(seen).toHaveLength(count + 1)
      await authority.restart()
    },
    60_000,
  )
})
