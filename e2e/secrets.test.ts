// Secrets in the wrong place: neither an answer nor the log repeats them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'

import { routes, type Route, type RouteName } from '@hallpass/client/contract'

import { credentialFor, endTarget, pathOf, startTarget, type Target } from './attack.ts'
import type { Answer } from './http.ts'
import { examples } from './matrix-requests.ts'
import { invite, mint, signIn } from './people.ts'
import { speak } from './raw-socket.ts'

let target: Target
let secrets: Readonly<Record<string, string>>
beforeAll(async () => {
  target = await startTarget()
  const { ask, admin, organisation } = target
  secrets = {
    'an auth token': (await signIn(ask, admin)).token,
    'an org token': (await mint(ask, admin.token, organisation.slug)).token.replace('FlyV1 ', ''),
    'a damaged auth token': 'fo1_ThisIsNoTokenOfOurs-AndYetItIsASecret',
    'a password': 'Tr0ub4dor_and-3.Horses',
    'an invitation code': await invite(ask, admin.token, organisation.slug, { email: 'guest@example.com' }),
  }
})
afterAll(async () => {
  const log = target.log()
  await endTarget(target)
  for (const [name, secret] of Object.entries(secrets)) {
    for (const part of partsOf(secret)) expect(log.includes(part), `${name} is in the log`).toBe(false)
  }
  for (const { password, token } of [target.admin, target.member]) {
    for (const part of [password, token]) expect(log.includes(part), 'a credential is in the log').toBe(false)
  }
})

/** The secret, and as much of it as is worth something: an answer that cuts it short does not keep it. */
function partsOf(secret: string): readonly string[] {
  // All tokens of an organisation begin alike, with the name of its key.
  const cut = secret.startsWith('fm2_') ? secret.slice(-24) : secret.slice(0, 24)
  return [secret, cut, encodeURIComponent(secret)]
}

function expectSilent(answer: Pick<Answer, 'status' | 'text'>, secret: string, where: string): void {
  // This authority has no engine, and says so of machines.
  if (!answer.text.includes('"code":"engine_unavailable"')) expect(answer.status, where).toBeLessThan(500)
  for (const part of partsOf(secret)) expect(answer.text.includes(part), `${where}: ${answer.text}`).toBe(false)
}

// A name is shown: a password in the name of an app or a token is public. What can be seen to open something is refused
// there too.
const names = new Set([
  'createOrganisation.name',
  'createOrganisation.slug',
  'addPasskey.name',
  'updateOrganisation.name',
  'createApp.name',
  'createApp.app_name',
  'createToken.name',
  'renameToken.name',
  'createToken.cluster',
  'createApp.network',
  'addTrustPolicy.name',
  'addTrustPolicy.audience',
])
// The answer to a request for verification names the good tokens as the protocol does: by themselves.
const ownWords = 'authenticateTokens.header'

const kinds = ['an auth token', 'an org token', 'a damaged auth token', 'a password', 'an invitation code'] as const

describe.each(kinds)('%s', (kind) => {
  test.each(Object.entries<Route>(routes))('in a path or query of %s', async (name, route) => {
    const secret = secrets[kind] ?? ''
    for (const token of [target.admin.token, target.member.token, target.minted.token]) {
      for (const param of Object.keys(route.params?.shape ?? {})) {
        const path = pathOf(target, route, { [param]: encodeURIComponent(secret) })
        const body = route.body === undefined ? undefined : { role: 'member', email: 'a@b.example', expiry: '1h' }
        expectSilent(await target.ask(route.method, path, { token, body }), secret, `${name} ${param}`)
      }
    }
    for (const query of [...Object.keys(route.query?.shape ?? {}), 'access_token', 'state']) {
      if (route.method !== 'GET') continue
      const path = `${pathOf(target, route)}?${query}=${encodeURIComponent(secret)}`
      expectSilent(await target.ask('GET', path, { token: target.admin.token }), secret, `${name} ${query}`)
    }
    const asKey = `${pathOf(target, route)}?${encodeURIComponent(secret)}=1`
    if (route.method === 'GET')
      expectSilent(await target.ask('GET', asKey, { token: target.admin.token }), secret, name)
  })

  test.each(Object.entries<Route>(routes).filter(([, { body }]) => body !== undefined))(
    'in the body of %s',
    async (name, route) => {
      const secret = secrets[kind] ?? ''
      const token = credentialFor(target, route)
      const path = pathOf(target, route)
      const send = async (where: string, body: unknown) =>
        expectSilent(await target.ask(route.method, path, { token, body }), secret, `${name} ${where}`)
      for (const field of fieldsOf(name as RouteName)) {
        const place = `${name}.${field}`
        if (place === ownWords || (names.has(place) && kind === 'a password')) continue
        await send(field, { [field]: secret })
        await send(field, { ...examples[name], [field]: secret })
        await send(field, { [field]: { [secret]: secret } })
        await send(field, { [field]: [secret] })
      }
      await send('as a key', { ...examples[name], [secret]: 1 })
      await send('as the body', secret)
      await send('in an array', [secret])
      for (const text of [secret, `{"password":"${secret}"`, `{"a":${secret}}`, `password=${secret}`, `"${secret}`]) {
        const answer = await target.ask(route.method, path, { token, text })
        expectSilent(answer, secret, `${name} broken JSON`)
      }
      const headers = { 'content-type': `text/plain; note=${secret.replaceAll(/[^\w-]/g, '')}` }
      expectSilent(await target.ask(route.method, path, { token, text: secret, headers }), secret, `${name} as text`)
    },
  )

  test('in headers and methods, and where there is no HTTP', async () => {
    const secret = secrets[kind] ?? ''
    for (const headers of [
      { authorization: `Basic ${secret}` },
      { authorization: `Bearer x${secret}` },
      { authorization: `Bearer ${secret}x` },
      { authorization: `Bearer fm2_${secret}` },
      { authorization: secret.slice(0, -1) },
      { authorization: secret.toUpperCase() },
      { cookie: `token=${secret}` },
      { 'x-request-id': secret, 'request-id': secret, 'fly-request-id': secret },
      { referer: `http://x/?${secret}`, 'user-agent': secret },
      { 'x-forwarded-for': secret, forwarded: `for=${secret}` },
      { 'accept-version': secret },
      { 'content-type': secret },
    ] as Readonly<Record<string, string>>[]) {
      for (const path of ['/v1/orgs', '/nowhere', `/${encodeURIComponent(secret)}`]) {
        expectSilent(await target.ask('GET', path, { headers }), secret, JSON.stringify(Object.keys(headers)))
      }
    }
    for (const text of [
      `${secret}\r\n\r\n`,
      `GET /v1/orgs?${secret} HTTP/9.9\r\n\r\n`,
      `${secret.replaceAll(/[^\w-]/g, '')} /v1/orgs HTTP/1.1\r\nhost: a\r\n\r\n`,
      `GET /%ff${secret} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`,
      `GET /v1/orgs HTTP/1.1\r\nhost: a\r\n${secret}\r\n\r\n`,
      `GET /v1/orgs HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${secret}\0\r\n\r\n`,
    ]) {
      const received = await speak(target.url, text)
      for (const part of partsOf(secret)) expect(received.includes(part), received).toBe(false)
    }
  })

  test('in the lists of names, and in the audit trail', async () => {
    const { admin, organisation } = target
    for (const path of ['/v1/orgs', '/v1/apps?org_slug=ORG', '/v1/orgs/ORG/tokens', '/v1/orgs/ORG/audit?limit=1000']) {
      const answer = await target.ask('GET', path.replace('ORG', organisation.slug), { token: admin.token })
      expectSilent(answer, secrets[kind] ?? '', path)
    }
  })

  test('in the counters', async () => {
    const secret = secrets[kind] ?? ''
    expectSilent(await target.ask('GET', '/metrics'), secret, 'metrics')
  })
})

function fieldsOf(name: RouteName): readonly string[] {
  const { body }: Route = routes[name]
  if (body === undefined) return []
  return Object.keys(z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }).properties ?? {})
}
