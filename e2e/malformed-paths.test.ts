// Malformed paths, queries and methods: refused in the words of the contract.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { allRoutes, routes, type Route, type RouteName } from '@hallpass/client/contract'

import { flyctlRoutes } from '../packages/authority/src/doors/flyctl/door.ts'
import { askRoute, endTarget, expectNo, pathOf, startTarget, type Target } from './attack.ts'
import { expectRefusal } from './http.ts'
import { speak, statusesIn } from './raw-socket.ts'

let target: Target
beforeAll(async () => {
  target = await startTarget()
})
afterAll(() => endTarget(target))

const strangeParts = [
  '%00',
  'a%00b',
  '%ff',
  '%ED%A0%80',
  '%C0%AF',
  '%',
  '%2',
  '%zz',
  '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '..%5c..',
  '%0d%0aset-cookie:%20a=b',
  '%20',
  '%F0%9F%92%A9',
  "'%20or%201=1--",
  '*',
  '-',
  '__proto__',
  'constructor',
  'a'.repeat(254),
  'a'.repeat(255),
  'a'.repeat(500),
  'a'.repeat(513),
  'a'.repeat(5000),
  'a'.repeat(70_000),
  '%41'.repeat(3000),
]

const withParams = Object.entries<Route>(routes).filter(([, { params }]) => params !== undefined) as [
  RouteName,
  Route,
][]

describe.each(withParams)('%s', (name, route) => {
  const params = Object.keys(route.params?.shape ?? {})
  const body = route.body === undefined ? {} : { body: { role: 'member', email: 'a@b.example', expiry: '1h' } }

  test.each(params)('strange text as %s', async (param) => {
    for (const part of strangeParts) {
      expectNo(
        await askRoute(target, name, { token: target.admin.token, ...body }, { [param]: part }),
        part.slice(0, 40),
      )
    }
  })
})

test('paths that do not exist get an answer in plain text, as from the Machines API', async () => {
  for (const path of ['/nowhere', '/v1', '/v1/', '/v1/orgs//', '/v2/orgs', '/V1/ORGS', '/v1/tokens']) {
    const answer = await target.ask('GET', path, { token: target.admin.token })
    expectNo(answer, path)
  }
  const answer = await target.ask('GET', '/nowhere')
  expect(answer.status).toBe(404)
  expect(answer.text).toBe('404 page not found')
  expect(answer.headers.get('fly-request-id')).toMatch(/^[\w-]{12}-[0-9a-z]+$/)
})

test('a base address that ends with a slash leads to the same routes, and to no others', async () => {
  const { token } = target.admin
  for (const path of ['//v1/orgs', '///v1/orgs', '//api/v1/organizations?admin=false']) {
    expect((await target.ask('GET', path, { token })).status, path).toBe(200)
  }
  const { body } = await target.ask('POST', '//graphql', { token, body: { query: '{ viewer { email } }' } })
  expect(body).toMatchObject({ data: { viewer: { email: expect.any(String) } } })
  for (const path of ['//metrics', '//web/session', '//healthz', '/v1//orgs', '//v1x/orgs']) {
    expect((await target.ask('GET', path, { token })).status, path).toBeGreaterThanOrEqual(400)
  }
})

test('metrics are answered at one spelling of their path, so that a proxy can keep it inside', async () => {
  for (const path of ['/metrics', '/metrics?a=/b']) expect((await target.ask('GET', path)).status, path).toBe(200)
  for (const path of [
    '/metrics/',
    '/metrics/?',
    '/metrics//',
    '/%6detrics',
    '/%6Detrics?a',
    '/metric%73/',
    '/%2e/metrics',
  ]) {
    const head = `GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`
    expect(statusesIn(await speak(target.url, head)), path).toEqual([404])
  }
})

test('a slash at the end of a path that is read or posted to changes nothing', async () => {
  const { token } = target.admin
  const ofContract = Object.values<Route>(allRoutes)
    // What needs no body would be done.
    .filter(({ method, body }) => method !== 'POST' || body?.safeParse(undefined).success !== true)
    .map((route) => [route.method, pathOf(target, route)] as const)
  const ofFlyctl = flyctlRoutes.map(({ method, url }) => [method, url.replaceAll(/:\w+/g, 'web')] as const)
  const others = [
    ['POST', '/graphql'],
    ['POST', '/metrics_post'],
    ['POST', '/aaa/v1/.well-known/macfly/3p'],
    ['GET', '/.well-known/macfly/3p/poll/none'],
    ['GET', '/openapi.json'],
    ['GET', '/healthz'],
    ['GET', '/readyz'],
  ] as const
  const comparable = (body: unknown) =>
    JSON.stringify(body, (key, value: unknown) => (key === 'request_id' ? '' : value))
  for (const [method, path] of [...ofContract, ...ofFlyctl, ...others]) {
    if (method !== 'GET' && method !== 'POST') {
      expectNo(await target.ask(method, `${path}/`, { token }), path)
      continue
    }
    // Without a body, so that nothing is made.
    const without = await target.ask(method, path, { token })
    for (const suffix of ['/', '/?']) {
      const answer = await target.ask(method, path + suffix, { token })
      expect(answer.status, `${method} ${path}${suffix}`).toBe(without.status)
      expect(comparable(answer.body), path).toBe(comparable(without.body))
    }
  }
  const absolute = 'GET http://hallpass.example/healthz/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'
  expect(statusesIn(await speak(target.url, absolute))).toEqual([200])
  // Two may stand for a name that is missing.
  expect((await target.ask('GET', '/v1/orgs//', { token })).status).toBeGreaterThanOrEqual(400)
  expect((await target.ask('GET', '/v1/orgs/acme', { token })).status).toBe(200)
})

test('what is not served says so as JSON, and never that it is not there', async () => {
  for (const [method, path, what] of [
    ['PUT', '/v1/apps/web/machines/148e/memory', 'machines'],
    ['GET', '/v1/apps/web/volumes/vol_1/snapshots', 'snapshots'],
    ['GET', '/v1/apps/web/secretkeys', 'secretkeys'],
    ['DELETE', '/v1/apps/web/ip_assignments/1', 'ip assignments'],
    ['GET', '/api/v1/builds', 'builds'],
    ['PATCH', '/api/v1/organizations/acme', 'what this address and method are for'],
    ['GET', '/v2/', 'what this address and method are for'],
    ['GET', '/graphql', 'what this address and method are for'],
  ] as const) {
    for (const token of [undefined, target.admin.token]) {
      const refusal = expectRefusal(await target.ask(method, path, { token }), 501)
      expect(refusal).toMatchObject({ code: 'not_served', message: `this authority does not serve ${what}` })
    }
  }
  const pasted = await target.ask('GET', '/v1/apps/web/certificates/fo1_pasted', {})
  expect(pasted.text).not.toContain('fo1_')
})

test('a path that is not well formed gets a request id like any other', async () => {
  for (const path of ['/v1/orgs/%ff', '/%', `/v1/orgs/${'a'.repeat(600)}`]) {
    const answer = await target.ask('GET', path)
    expectNo(answer, path.slice(0, 20))
    expect(answer.headers.get('fly-request-id')).toMatch(/^[\w-]{12}-[0-9a-z]+$/)
  }
})

test('methods that a path does not have are refused', async () => {
  const methodsOf = new Map<string, string[]>()
  for (const route of Object.values<Route>(routes)) {
    const path = pathOf(target, route)
    methodsOf.set(path, [...(methodsOf.get(path) ?? []), route.method])
  }
  for (const [path, known] of methodsOf) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      if (known.includes(method)) continue
      // A word of one path may be a name in another, where a name is changed.
      const body = method === 'PATCH' ? { body: { name: 'x' } } : {}
      const answer = await target.ask(method, path, { token: target.admin.token, ...body })
      expectNo(answer, `${method} ${path}`)
      expect([404, 501], `${method} ${path}`).toContain(answer.status)
    }
  }
  for (const method of ['TRACE', 'CONNECT', 'PROPFIND', 'BREW', 'get']) {
    const statuses = statusesIn(
      await speak(target.url, `${method} /v1/orgs HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`),
    )
    for (const status of statuses) expect(status === 501 || Math.floor(status / 100) === 4, method).toBe(true)
  }
})

describe('queries', () => {
  const lists = ['/v1/orgs/acme/tokens', '/v1/apps/web/tokens', '/v1/orgs/acme/audit'] as const

  test.each(lists)('%s names what is wrong with its query', async (path) => {
    for (const [query, field] of [
      ['limit=0', 'limit'],
      ['limit=-1', 'limit'],
      ['limit=1001', 'limit'],
      ['limit=1.5', 'limit'],
      ['limit=ten', 'limit'],
      ['limit=', 'limit'],
      ['limit=NaN', 'limit'],
      ['limit=Infinity', 'limit'],
      ['limit=99999999999999999999', 'limit'],
      ['limit=1&limit=2', 'limit'],
      ['limit%5B%5D=1', 'unknown field'],
      ['cursor=', 'cursor'],
      ['cursor=%00', 'cursor'],
      ['cursor=x', 'cursor'],
      ['cursor=a&cursor=b', 'cursor'],
      [`cursor=${'a'.repeat(500)}`, 'cursor'],
      [`cursor=${Buffer.from('t.1.x').toString('base64url')}`, 'cursor'],
      [`cursor=${Buffer.from('e.-1').toString('base64url')}`, 'cursor'],
      [`cursor=${Buffer.from('e.99999999999999999999').toString('base64url')}`, 'cursor'],
      ['colour=red', 'colour'],
      ['__proto__=1', '__proto__'],
      ['constructor=1', 'constructor'],
    ] as const) {
      const answer = await target.ask('GET', `${path}?${query}`, { token: target.admin.token })
      expectNo(answer, query.slice(0, 60))
      expect(expectRefusal(answer, 400).message, query).toContain(field)
    }
  })

  test('the cursor of one list is not one of another', async () => {
    const page = await target.ask('GET', '/v1/orgs/acme/audit?limit=1', { token: target.admin.token })
    const cursor = (page.body as { readonly next_cursor: string }).next_cursor
    expectRefusal(await target.ask('GET', `/v1/orgs/acme/tokens?cursor=${cursor}`, { token: target.admin.token }), 400)
  })

  test('an organisation named twice, or strangely, is refused', async () => {
    for (const query of [
      'org_slug=acme&org_slug=acme',
      'org_slug=acme&org_slug=x',
      '',
      'org_slug',
      'org_slug=',
      'org_slug[]=acme',
      'org_slug=%00',
      'org_slug=%ff',
      'org_slug=acme%20',
      '&&&&',
      '='.repeat(2000),
      'a=1&'.repeat(5000),
    ]) {
      const answer = await target.ask('GET', `/v1/apps?${query}`, { token: target.admin.token })
      expectNo(answer, query.slice(0, 60))
    }
  })
})
