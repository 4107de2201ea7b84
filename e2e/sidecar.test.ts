// `hallpass guard`: a process beside a service that answers as the authority does, from memory.
import { once } from 'node:events'
import { connect } from 'node:net'

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { parseNetwork } from '@hallpass/macaroon/narrow'

import { createVerifier } from '../packages/authority/src/main.ts'
import { arrive, type Place, type Served } from './hallpass.ts'
import { createAsk } from './http.ts'
import { bundle, forge, narrow, readonlyOf } from './macaroons.ts'
import { createApp, createOrganisation, mint, requireMembership, revoke } from './people.ts'
import { discharge } from './discharges.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

const prepared = prepareAuthority({ trustedProxies: ['127.0.0.1'] })
const { ask, admin, authority } = prepared
const slug = prepareOrganisation(prepared)

let place: Place
let guard: Served
let credential = ''
const atGuard = createAsk(() => guard.url)
beforeAll(async () => {
  place = await arrive()
  const made = await createVerifier({ dataDirectory: authority.directory, name: 'edge', now: Date.now() })
  credential = made.secret.reveal()
  await vi.waitUntil(async () => (await ask('GET', '/v1/revocations', { token: credential })).status === 200, 10_000)
  guard = await startGuard('--trusted-proxies', '127.0.0.1')
})
afterAll(() => place.leave())

async function startGuard(...args: readonly string[]): Promise<Served> {
  const started = await place.guard(['--authority', authority.url(), ...args], { HALLPASS_VERIFIER: credential })
  await vi.waitUntil(async () => (await fetch(`${started.url}/readyz`)).ok, 10_000)
  return started
}

describe('a guard as a process', () => {
  test('answers every question as the authority does', async () => {
    const app = await createApp(ask, admin.token, slug)
    const [org, dead] = [await mint(ask, admin.token, slug), await mint(ask, admin.token, slug)]
    await revoke(ask, admin.token, dead.id)
    const guarded = await createOrganisation(ask, admin.token)
    await requireMembership(ask, admin.token, guarded.slug, 'member')
    const demanding = (await mint(ask, admin.token, guarded.slug)).token
    const near = await createOrganisation(ask, admin.token)
    const limited = (await mint(ask, admin.token, near.slug)).token
    const policy = { token: admin.token, body: { networks: ['10.0.0.0/8'] } }
    expect((await ask('PATCH', `/v1/orgs/${near.slug}/policy`, policy)).status).toBe(200)
    const headers = [
      org.token,
      narrow(org.token, { type: 'ConfineUser', id: 2n ** 64n - 1n }),
      readonlyOf(org.token),
      narrow(org.token, { type: 'Networks', networks: [parseNetwork('10.0.0.0/8')] }),
      dead.token,
      bundle(dead.token, org.token),
      forge(org.token),
      demanding,
      await discharge(ask, demanding),
      limited,
      'junk',
      '',
      admin.token,
    ]
    const accesses = [
      { org_slug: slug, action: 'r' },
      { org_slug: slug, action: 'w' },
      { app_name: app.name, action: 'rw', machine_id: 'm1', command: ['ls'] },
      { org_slug: guarded.slug, action: 'r' },
      { org_slug: near.slug, action: 'r', source_address: '10.1.2.3' },
      { org_slug: near.slug, app_name: app.name, action: 'r' },
      { org_slug: 'nobody', action: 'r' },
      { org_slug: slug },
      { action: 'r' },
      { org_slug: slug, machine_id: 'm1' },
      { org_slug: slug, another: 'x' },
    ]
    for (const header of headers) {
      const asked = { body: { header } }
      const [right, told] = [
        await ask('POST', '/v1/tokens/authenticate', asked),
        await atGuard('POST', '/v1/tokens/authenticate', asked),
      ]
      expect(told.status, told.text).toBe(right.status)
      if (right.status === 200) expect(told.text).toBe(right.text)
      for (const access of accesses) {
        const asked = { body: { header, access } }
        const right = await ask('POST', '/v1/tokens/authorize', asked)
        const told = await atGuard('POST', '/v1/tokens/authorize', asked)
        // What is no access is found out first.
        if (right.status !== 400) expect(told.status, `${told.text} ${right.text}`).toBe(right.status)
        else expect([400, 401]).toContain(told.status)
        if (right.status === 200) expect(told.body).toEqual(right.body)
        else
          expect(told.body).toMatchObject({ code: expect.any(String) as string, error: expect.any(String) as string })
      }
    }
  })

  test('answers a proxy as the authority does, and believes the address that it reports', async () => {
    const app = await createApp(ask, admin.token, slug)
    const { token } = await mint(ask, admin.token, slug)
    const near = narrow(token, { type: 'Networks', networks: [parseNetwork('10.0.0.0/8')] })
    const of = (text: string) => ({ 'x-forwarded-for': text })
    for (const [query, header, headers] of [
      [`org_slug=${slug}&action=r`, token, {}],
      [`app_name=${app.name}&action=rw`, token, {}],
      [`app_name=${app.name}&action=w`, readonlyOf(token), {}],
      [`org_slug=${slug}&action=r`, near, of('10.1.2.3')],
      [`org_slug=${slug}&action=r`, near, of('10.1.2.3, 203.0.113.7')],
      [`org_slug=${slug}&action=r`, near, of('203.0.113.7, 10.1.2.3, 127.0.0.1')],
      [`org_slug=${slug}&action=r`, near, of('junk')],
      [`org_slug=${slug}&action=r`, undefined, {}],
      ['org_slug=nobody&action=r', token, {}],
      [`org_slug=${slug}`, token, {}],
      [`org_slug=${slug}&action=`, token, {}],
      ['action=r', token, {}],
      [`org_slug=${slug}&action=r&source_address=10.0.0.1`, token, {}],
      [`org_slug=${slug}&action=r&action=w`, token, {}],
      [`org_slug=${slug}&action=r`, token, { hallpass_token: 'x' }],
      [`org_slug=${slug}&action=r`, token, { 'x-http-method-override': 'GET' }],
    ] as const) {
      const asked = { token: header, headers }
      const right = await ask('GET', `/authorize?${query}`, asked)
      const told = await atGuard('GET', `/authorize?${query}`, asked)
      expect(told.status, `${query} ${JSON.stringify(headers)} ${told.text} ${right.text}`).toBe(right.status)
      if (right.status !== 200) continue
      expect(told.body).toEqual(right.body)
      for (const name of [
        'hallpass-token',
        'hallpass-organization',
        'hallpass-app',
        'hallpass-assertion',
        'cache-control',
      ]) {
        expect(told.headers.get(name), name).toBe(right.headers.get(name))
      }
    }
  })

  test('believes nobody about addresses without being told', async () => {
    const alone = await startGuard()
    const { token } = await mint(ask, admin.token, slug)
    const near = narrow(token, { type: 'Networks', networks: [parseNetwork('10.0.0.0/8')] })
    const asked = { token: near, headers: { 'x-forwarded-for': '10.1.2.3' } }
    const told = await createAsk(() => alone.url)('GET', `/authorize?org_slug=${slug}&action=r`, asked)
    expect(told.status, told.text).toBe(403)
    await alone.stop()
  })

  test('knows within a second what was revoked', async () => {
    const { id, token } = await mint(ask, admin.token, slug)
    const status = async () => (await atGuard('GET', `/authorize?org_slug=${slug}&action=r`, { token })).status
    expect(await status()).toBe(200)
    await revoke(ask, admin.token, id)
    await expect.poll(status).toBe(401)
  })

  test.each([
    ['POST', '/v1/tokens/authenticate', '{', 400],
    ['POST', '/v1/tokens/authenticate', '[]', 400],
    ['POST', '/v1/tokens/authenticate', '{"header":7}', 400],
    ['POST', '/v1/tokens/authenticate', '{"header":"a","header":"b"}', 400],
    ['POST', '/v1/tokens/authenticate', '{"header":"a","other":"b"}', 400],
    ['POST', '/v1/tokens/authorize', '{"header":"a"}', 400],
    ['POST', '/v1/tokens/authenticate', `{"header":"${'x'.repeat(600_000)}"}`, 413],
    ['GET', '/v1/orgs', undefined, 501],
    ['POST', '/authorize', '{}', 501],
  ])('%s %s with %.40s is answered with an error', async (method, path, text, status) => {
    const answer = await atGuard(method, path, text === undefined ? {} : { text })
    expect(answer.status, answer.text).toBe(status)
    expect(answer.body).toMatchObject({ code: expect.any(String) as string })
    expect((await atGuard('GET', '/healthz')).status).toBe(200)
  })

  test('has no room for heads that are too long', async () => {
    const answer = await atGuard('GET', '/authorize', { headers: { authorization: 'x'.repeat(120_000) } })
    expect(answer.status).toBe(431)
  })

  test('lets what is under way finish when it is stopped, and takes nothing new', async () => {
    const own = await startGuard()
    const { token } = await mint(ask, admin.token, slug)
    const { hostname, port } = new URL(own.url)
    const socket = connect(Number(port), hostname)
    const body = JSON.stringify({ header: token })
    const head = `POST /v1/tokens/authenticate HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n`
    socket.write(head + body.slice(0, 10))
    let received = ''
    socket.setEncoding('utf8').on('data', (piece: string) => (received += piece))
    await once(socket, 'connect')
    await fetch(`${own.url}/healthz`)
    const stopped = own.stop()
    await expect.poll(async () => fetch(`${own.url}/healthz`).catch(() => 'gone')).toBe('gone')
    socket.write(body.slice(10))
    await once(socket, 'end')
    expect(received).toMatch(/^HTTP\/1\.1 200 /)
    expect(received.toLowerCase()).toContain('connection: close')
    expect(await stopped).toBe(0)
  })

  test('says what is missing, and never the credential', async () => {
    const words = ['guard', '--authority', authority.url(), '--listen', '127.0.0.1:0']
    const [nothing, other, nowhere] = [
      await place.run(words),
      await place.run(words, { env: { HALLPASS_VERIFIER: `fo1_${'a'.repeat(43)}` } }),
      await place.run(['guard'], { env: { HALLPASS_VERIFIER: credential } }),
    ]
    expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining('HALLPASS_VERIFIER is needed') as string })
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('begin with fv1_') as string })
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining('--authority is needed') as string })
    for (const { stdout, stderr } of [nothing, other, nowhere]) {
      expect(stdout + stderr).not.toContain(credential)
      expect(stdout + stderr).not.toContain('aaaa')
    }
  })
})
