// Random bytes to every route, as path, query, header and body: none is answered with a failure, and none gets in.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { routes, type Route } from '@hallpass/client/contract'
import { formatAuthorization, parseAuthorization } from '@hallpass/macaroon'

import { endTarget, pathOf, startTarget, type Target } from './attack.ts'
import { speak, statusesIn } from './raw-socket.ts'
import { anyText } from '../packages/macaroon/src/testing/any-text.ts'

let target: Target
let genuine: Uint8Array
beforeAll(async () => {
  target = await startTarget()
  genuine = parseAuthorization(target.minted.token).macaroons[0] ?? Uint8Array.of()
})
afterAll(() => endTarget(target))

const all = Object.values<Route>(routes)
const anyRoute = fc.constantFrom(...all)
const guarded = fc.constantFrom(...all.filter(({ authenticated }) => authenticated))
const bytes = fc.uint8Array({ maxLength: 400 })
const text = anyText({ maxLength: 200 })
const runs = { numRuns: 250 } as const
const unknownId = '00000000-0000-4000-8000-000000000000'

/** What fetch can send at all as a header. */
const headerText = bytes.map((noise) =>
  Buffer.from(noise)
    .toString('latin1')
    .replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '~')
    .trim(),
)

test('random text as a credential lets nobody in', async () => {
  const credential = fc.oneof(
    headerText,
    headerText.map((noise) => `Bearer ${noise}`),
    bytes.map((noise) => formatAuthorization([noise])),
    fc.base64String({ maxLength: 400 }).map((noise) => `FlyV1 fm2_${noise}`),
    fc.array(bytes, { minLength: 1, maxLength: 5 }).map((several) => formatAuthorization(several)),
  )
  await fc.assert(
    fc.asyncProperty(guarded, credential, async (route, authorization) => {
      // A good body, so that it is the credential that is looked at.
      const body = route.body === undefined ? undefined : { expiry: '1h' }
      const { status } = await target.ask(route.method, pathOf(target, route), { headers: { authorization }, body })
      expect([400, 401]).toContain(status)
    }),
    runs,
  )
})

test('a genuine token with random changes lets nobody in', async () => {
  const change = fc.record({ at: fc.nat(), cut: fc.nat({ max: 4 }), put: fc.uint8Array({ maxLength: 4 }) })
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      let damaged = Buffer.from(genuine)
      for (const { at, cut, put } of changes) {
        const place = at % damaged.length
        damaged = Buffer.concat([damaged.subarray(0, place), put, damaged.subarray(place + cut)])
        fc.pre(damaged.length > 0)
      }
      fc.pre(!damaged.equals(genuine))
      expect((await target.ask('GET', '/v1/orgs', { token: formatAuthorization([damaged]) })).status).toBe(401)
    }),
    runs,
  )
})

test('random bytes as a body fail nothing', async () => {
  const noise = fc.oneof(
    bytes.map((raw) => Buffer.from(raw)),
    fc.json({ maxDepth: 5 }).map((json) => Buffer.from(json)),
    fc
      .object({ key: fc.oneof(text, fc.constantFrom('email', 'password', 'name', 'expiry', 'org_slug', 'profile')) })
      .map((value) => Buffer.from(JSON.stringify(value) ?? '')),
  )
  await fc.assert(
    fc.asyncProperty(anyRoute, noise, async (route, raw) => {
      if (route.body === undefined) return
      // A body may be good by chance: what would be deleted is nothing that the other tests stand on.
      const params = route.method === 'DELETE' ? { token_id: unknownId } : {}
      const answer = await target.ask(route.method, pathOf(target, route, params), {
        token: target.minted.token,
        text: Uint8Array.from(raw),
      })
      expect(answer.status, answer.text).toBeLessThan(500)
      expect(answer.headers.get('fly-request-id')).not.toBeNull()
    }),
    runs,
  )
})

test('random text as names and queries fails nothing', async () => {
  const wild = fc.oneof(
    text.map((name) => encodeURIComponent(name.toWellFormed())),
    bytes.map((raw) => [...raw].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')),
    fc.stringMatching(/^[A-Za-z0-9._@+%-]{1,300}$/),
    fc.constantFrom('.', '%2e', '%2E'),
  )
  await fc.assert(
    fc.asyncProperty(anyRoute, wild, wild, wild, async (route, name, key, value) => {
      // Not the member or token that the other tests stand on.
      fc.pre(route.method === 'GET' || route.params !== undefined)
      const params = Object.fromEntries(Object.keys(route.params?.shape ?? {}).map((param) => [param, name || '-']))
      const body = route.body === undefined ? undefined : { role: 'member', email: 'a@b.example', expiry: '1h' }
      const path = `${pathOf(target, route, params)}?${key}=${value}&limit=${value}`
      const answer = await target.ask(route.method, path, { token: target.minted.token, body })
      // Of a path that ends elsewhere, as `%2e%2e` is folded away, it is said that it is not served.
      if (answer.status === 501) expect(answer.text).toContain('"code":"not_served"')
      else expect(answer.status, answer.text).toBeLessThan(500)
    }),
    runs,
  )
})

test('random bytes on the socket fail nothing', async () => {
  const line = fc.oneof(
    bytes.map((raw) => Buffer.from(raw).toString('latin1')),
    text.map((noise) => `GET /${noise} HTTP/1.1`),
    text.map((noise) => `authorization: ${noise}`),
    text.map((noise) => `${noise}: x`),
    fc.constantFrom('GET /v1/orgs HTTP/1.1', 'host: a', 'content-length: 5', 'transfer-encoding: chunked', '0', ''),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
      const received = await speak(target.url, `${lines.join('\r\n')}\r\nconnection: close\r\n\r\n\r\n\r\n!\r\n\r\n`)
      for (const status of statusesIn(received)) expect(status).toBeLessThan(500)
    }),
    { numRuns: 150 },
  )
})
