// The guard in front of routes, in each framework: what passes, and what the others are told.
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { createGuard, type Guard } from '@hallpass/guard'
import { protect as protectExpress } from '@hallpass/guard/express'
import { protect as protectFastify } from '@hallpass/guard/fastify'
import { protect as protectHono } from '@hallpass/guard/hono'
import { protect as protectNode } from '@hallpass/guard/node'
import { parseNetwork } from '@hallpass/macaroon/narrow'

import { createVerifier } from '../packages/authority/src/main.ts'
import { endingAt, narrow, nowInSeconds } from './macaroons.ts'
import { createApp, mint, revoke } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

const prepared = prepareAuthority()
const { ask, admin, authority } = prepared
const slug = prepareOrganisation(prepared)
const open = new Set<{ close(): unknown }>()
afterAll(() => open.forEach((each) => each.close()))

let credential = ''
let guard: Guard
let app = ''
let token = ''
beforeAll(async () => {
  const made = await createVerifier({ dataDirectory: authority.directory, name: 'edge', now: Date.now() })
  credential = made.secret.reveal()
  await vi.waitUntil(async () => (await ask('GET', '/v1/revocations', { token: credential })).status === 200, 10_000)
  app = (await createApp(ask, admin.token, slug)).name
  token = (await mint(ask, admin.token, slug)).token
  guard = makeGuard()
  await guard.ready()
})

function makeGuard(url = authority.url()): Guard {
  const made = createGuard({ authority: url, credential })
  open.add(made)
  return made
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.add(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const reading = (name: string) => ({ app_name: name, action: 'r' })

/** Each serves `/apps/NAME`, answers with the id of the token, and says `broken` of what its route has thrown. */
const frameworks: readonly (readonly [string, (guard: Guard) => Promise<string>])[] = [
  [
    'node:http',
    (guard) => {
      const guarded = protectNode(guard, ({ url = '' }) => reading(url.slice('/apps/'.length)))
      const answer: RequestListener = (request, response) => {
        guarded(request, response).then(
          (token) => void (token && response.end(token.id)),
          () => response.writeHead(500).end('broken'),
        )
      }
      return listen(createServer(answer))
    },
  ],
  [
    'Express',
    (guard) => {
      const server = express()
      server.get(
        '/apps/:app',
        protectExpress<express.Request<{ app: string }>>(guard, ({ params }) => reading(params.app)),
        (request, response) => void response.send(request.verifiedToken?.id),
      )
      server.use(((_error, _request, response, _next) => {
        response.status(500).send('broken')
      }) satisfies express.ErrorRequestHandler)
      return listen(createServer(server))
    },
  ],
  [
    'Fastify',
    async (guard) => {
      const server = fastify()
      server.setErrorHandler((_error, _request, reply) => reply.code(500).send('broken'))
      server.get<{ Params: { app: string } }>(
        '/apps/:app',
        { onRequest: protectFastify(guard, ({ params }) => reading(params.app)) },
        (request) => request.verifiedToken?.id,
      )
      open.add(server)
      return server.listen({ host: '127.0.0.1', port: 0 })
    },
  ],
  [
    'Hono',
    (guard) => {
      const server = new Hono()
      server.onError((_error, context) => context.text('broken', 500))
      server.get(
        '/apps/:app',
        protectHono<'/apps/:app'>(guard, (context) => reading(context.req.param('app')), { from: () => '127.0.0.1' }),
        (context) => context.text(context.var.verifiedToken.id),
      )
      // As an adapter of Hono for Node does it.
      return listen(
        createServer((request, response) => {
          const headers = new Headers(request.headers as Record<string, string>)
          void Promise.resolve(server.fetch(new Request(`http://localhost${request.url ?? ''}`, { headers }))).then(
            async (answer) =>
              response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text()),
          )
        }),
      )
    },
  ],
]

describe.each(frameworks)('behind the guard in %s', (_name, start) => {
  let url = ''
  beforeAll(async () => {
    url = await start(guard)
  })
  const get = (name: string, authorization?: string) =>
    fetch(`${url}/apps/${name}`, authorization === undefined ? {} : { headers: { authorization } })

  test('a good token passes, and the route knows it', async () => {
    const { id, token } = await mint(ask, admin.token, slug)
    const answer = await get(app, `Bearer ${token}`)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe(id)
    await revoke(ask, admin.token, id)
    await expect.poll(async () => (await get(app, `Bearer ${token}`)).status).toBe(401)
  })

  test.each([
    ['no token', (): string | undefined => undefined, 401, 'Bearer realm="hallpass"', 'carries no token'],
    ['an empty header', (): string => '', 401, 'Bearer realm="hallpass"', 'carries no token'],
    ['a scheme without a token', (): string => 'Bearer', 401, 'Bearer realm="hallpass"', 'carries no token'],
    ['a scheme twice', (): string => 'Bearer FlyV1 ', 401, 'Bearer realm="hallpass"', 'carries no token'],
    ['another scheme', (): string => 'Digest username="ada"', 401, 'Bearer realm="hallpass"', 'starts with none'],
    [
      'a name without a password',
      (): string => `Basic ${btoa('ada:')}`,
      401,
      'Bearer realm="hallpass"',
      'no token as its password',
    ],
    ['a password', (): string => `Basic ${btoa('ada:secret')}`, 401, /error="invalid_token"/, 'starts with none'],
    [
      'one that is none',
      (): string => 'Bearer junk',
      401,
      /^Bearer realm="hallpass", error="invalid_token", error_description="/,
      'starts with none',
    ],
    [
      'one that has ended',
      () => endingAt(token, nowInSeconds() - 60),
      401,
      /error="invalid_token"/,
      /^token \S+ ended at /,
    ],
    [
      'one that a caveat forbids',
      () => narrow(token, { type: 'Networks', networks: [parseNetwork('10.0.0.0/8')] }),
      403,
      /error="insufficient_scope", error_description="token \S+ does not allow this in organization acme: its caveat Networks allows/,
      'comes from 127.0.0.1',
    ],
  ] as const)('%s is answered with a challenge and a sentence', async (_what, header, status, challenge, sentence) => {
    const answer = await get(app, header())
    expect(answer.status).toBe(status)
    const said = answer.headers.get('www-authenticate')
    if (typeof challenge === 'string') expect(said).toBe(challenge)
    else expect(said).toMatch(challenge)
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const code = status === 401 ? 'unauthenticated' : 'forbidden'
    expect(await answer.json()).toEqual({
      error: expect.stringMatching(sentence) as string,
      code,
      message: expect.stringMatching(sentence) as string,
    })
  })

  test('a token for another app does not pass, nor one for an app that does not exist', async () => {
    const { name } = await createApp(ask, admin.token, slug)
    const deploy = await mint(ask, admin.token, slug, { profile: 'deploy', app: name })
    expect((await get(name, deploy.token)).status).toBe(200)
    expect((await get(app, deploy.token)).status).toBe(403)
    expect((await get('nothing', token)).status).toBe(403)
    expect((await get('%22%22', token)).status).toBe(403)
  })

  test('a token that is good from here only passes', async () => {
    const near = narrow(token, { type: 'Networks', networks: [parseNetwork('127.0.0.0/8')] })
    expect((await get(app, near)).status).toBe(200)
  })

  test('nothing passes without the authority, and everybody may come again', async () => {
    const lonely = makeGuard('http://127.0.0.1:1')
    const answer = await fetch(`${await start(lonely)}/apps/${app}`, { headers: { authorization: token } })
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('1')
    expect(answer.headers.get('www-authenticate')).toBeNull()
    expect(await answer.json()).toMatchObject({ code: 'unavailable' })
  })

  test('a route whose access is none fails, and lets nobody pass', async () => {
    const broken = {
      ...guard,
      allow: () => {
        throw new TypeError('access is wrong')
      },
    } as Guard
    const answer = await fetch(`${await start(broken)}/apps/${app}`, { headers: { authorization: token } })
    expect(answer.status).toBe(500)
    expect(await answer.text()).toBe('broken')
  })
})

test('who comes from an address that is none passes where that does not count', async () => {
  const server = express()
  server.set('trust proxy', true)
  server.get('/', protectExpress(guard, reading(app)), (_request, response) => void response.send('passed'))
  const url = await listen(createServer(server))
  const near = narrow(token, { type: 'Networks', networks: [parseNetwork('203.0.113.0/24')] })
  const come = async (authorization: string, address: string) =>
    (await fetch(url, { headers: { authorization, 'x-forwarded-for': address } })).status
  expect(await come(near, '203.0.113.7')).toBe(200)
  for (const address of ['unknown', '203.0.113.7:4711', '[2001:db8::1]', 'a'.repeat(5000)]) {
    expect([await come(token, address), await come(near, address)]).toEqual([200, 403])
  }
})
