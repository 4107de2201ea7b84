// Bytes that are no HTTP, or one request hidden in another: refused and hung up on.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { errorAnswer, routes, type Route } from '@hallpass/client/contract'

import { endTarget, expectHealthy, pathOf, startTarget, type Target } from './attack.ts'
import { beginPost, speak, speakAndLeave, statusesIn } from './raw-socket.ts'

let target: Target
beforeAll(async () => {
  target = await startTarget()
})
afterAll(() => endTarget(target))

/**
 * Whatever is answered is a 4xx in the contract's shape, and then comes the end. Two answers there may be, where a request
 * is refused before the rest of it turns out to be nonsense; never one to what was hidden in it.
 */
async function expectHungUp(...parts: readonly (string | Uint8Array)[]): Promise<void> {
  const received = await speak(target.url, ...parts)
  const answers = received.split(/(?=HTTP\/1\.[01] \d{3} )/).filter((answer) => answer !== '')
  expect(answers.length, received).toBeLessThanOrEqual(2)
  for (const answer of answers) {
    const [status] = statusesIn(answer)
    expect(Math.floor((status ?? 0) / 100), answer).toBe(4)
    expect(answer, answer).toMatch(/^fly-request-id: [\w-]{12}-[0-9a-z]+\r$/m)
    const body = answer.slice(answer.indexOf('\r\n\r\n') + 4)
    expect(errorAnswer.safeParse(JSON.parse(body)).success, answer).toBe(true)
  }
}

const post = (headers: string, body: string) => `POST /v1/sessions HTTP/1.1\r\nhost: a\r\n${headers}\r\n\r\n${body}`
const inner = 'GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'
const json = 'content-type: application/json'

describe('what is no HTTP', () => {
  test.each([
    ['a greeting', 'hello\r\n\r\n'],
    ['a TLS hello', Buffer.from('1603010200010001fc0303', 'hex')],
    ['an SSH banner', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['zeros', Buffer.alloc(1000)],
    ['noise', Buffer.from(Array.from({ length: 2000 }, (_, at) => (at * 7919 + 13) % 256))],
    ['a version that is none', 'GET / HTTP/9.9\r\nhost: a\r\n\r\n'],
    ['a path with a space', 'GET /v1/orgs and more HTTP/1.1\r\nhost: a\r\n\r\n'],
    ['a path with a NUL', 'GET /v1/\0orgs HTTP/1.1\r\nhost: a\r\n\r\n'],
    ['a header with a NUL', 'GET /v1/orgs HTTP/1.1\r\nhost: a\r\nauthorization: Bearer a\0b\r\n\r\n'],
    ['a header without a name', 'GET /v1/orgs HTTP/1.1\r\nhost: a\r\n: x\r\n\r\n'],
    ['a header folded over lines', 'GET /v1/orgs HTTP/1.1\r\nhost: a\r\nx: a\r\n b\r\nconnection: close\r\n\r\n'],
    ['no host', 'GET /v1/orgs HTTP/1.1\r\nconnection: close\r\n\r\n'],
    ['bare line feeds', 'GET /v1/orgs HTTP/1.1\nhost: a\nconnection: close\n\n'],
    ['bare carriage returns', 'GET /v1/orgs HTTP/1.1\rhost: a\r\r'],
    ['a chunk of no length', post('transfer-encoding: chunked\r\nconnection: close', 'zz\r\n{}\r\n0\r\n\r\n')],
    ['a length that is none', post('content-length: many', '{}')],
    ['a negative length', post('content-length: -1', '{}')],
    ['a length past all bounds', post(`${json}\r\ncontent-length: 99999999999999999999`, '{}')],
    ['a great length, and no body', post(`${json}\r\ncontent-length: 1000000`, '')],
    ['a thousand headers', `GET /v1/orgs HTTP/1.1\r\nhost: a\r\n${'x: y\r\n'.repeat(3000)}connection: close\r\n\r\n`],
  ])('%s', async (_, bytes) => {
    await expectHungUp(bytes)
  })
})

test('a request before what is no HTTP gets its own answer', async () => {
  const asking = `GET /v1/orgs HTTP/1.1\r\nhost: a\r\nauthorization: ${target.minted.token}\r\n\r\n`
  expect(statusesIn(await speak(target.url, `${asking}${asking}hello\r\n\r\n`))).toEqual([200, 200, 400])
})

describe('what is hidden in another request is never answered', () => {
  test.each([
    ['two lengths', post(`content-length: 0\r\ncontent-length: ${inner.length}`, inner)],
    ['two lengths in one', post(`content-length: 0, ${inner.length}`, inner)],
    [
      'a length and chunks',
      post(`content-length: ${inner.length + 5}\r\ntransfer-encoding: chunked`, `0\r\n\r\n${inner}`),
    ],
    ['chunks and a length', post('transfer-encoding: chunked\r\ncontent-length: 4', `0\r\n\r\n${inner}`)],
    ['two encodings', post('transfer-encoding: chunked\r\ntransfer-encoding: identity', `0\r\n\r\n${inner}`)],
    ['an encoding that is none', post('transfer-encoding: xchunked', `0\r\n\r\n${inner}`)],
    ['an encoding behind a space', post('transfer-encoding : chunked', `0\r\n\r\n${inner}`)],
    ['a length behind a space', post(`content-length : ${inner.length}`, inner)],
    ['a chunk length with a sign', post('transfer-encoding: chunked', `+0\r\n\r\n${inner}`)],
    ['a chunk that ends in a bare line feed', post('transfer-encoding: chunked', `2\n{}\n0\n\n${inner}`)],
  ])('%s', async (_, bytes) => {
    await expectHungUp(bytes)
  })
})

describe('a header that is there twice', () => {
  const twice = (headers: string) => `GET /v1/orgs HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${headers}\r\n`

  test.each([
    ['authorization', (token: string) => `authorization: ${token}\r\nAuthorization: Bearer fo1_x\r\n`],
    ['authorization, the same', (token: string) => `authorization: ${token}\r\nauthorization: ${token}\r\n`],
    ['authorization, an empty one first', (token: string) => `authorization:\r\nauthorization: ${token}\r\n`],
    ['host', (token: string) => `authorization: ${token}\r\nHost: b\r\n`],
    ['origin', (token: string) => `authorization: ${token}\r\norigin: http://a\r\norigin: http://b\r\n`],
    ['content-type', (token: string) => `authorization: ${token}\r\n${json}\r\n${json}\r\n`],
  ])('%s', async (_, headers) => {
    const received = await speak(target.url, twice(headers(target.minted.token)))
    expect(statusesIn(received), received).toEqual([400])
    expect(statusesIn(await speak(target.url, twice(`authorization: ${target.minted.token}\r\n`)))).toEqual([200])
  })
})

test('what offers another protocol is answered as what it is, and with a body it is the last that is', async () => {
  const upgrade = 'connection: upgrade\r\nupgrade: h2c\r\n'
  const asking = `GET /healthz HTTP/1.1\r\nhost: a\r\n${upgrade}\r\n`
  expect(statusesIn(await speak(target.url, `${asking}${inner}`))).toEqual([200, 200])
  const body = '{"email":"nobody@example.com"}'
  const last = await speak(target.url, `${post(`${upgrade}${json}\r\ncontent-length: ${body.length}`, body)}${inner}`)
  expect(statusesIn(last)).toEqual([400])
  expect(last).toMatch(/^connection: close\r$/im)
  expect(last).toContain('password is missing')
})

describe('clients that go away or dawdle', () => {
  test('in the middle of a request', async () => {
    const whole = post(`${json}\r\ncontent-length: 60`, '{"email":"nobody@example.com","password":"a long password"}')
    await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        speakAndLeave(target.url, whole.slice(0, Math.ceil((whole.length * at) / 20))),
      ),
    )
    await expectHealthy(target)
  })

  test('before the body of any route that takes one', async () => {
    const paths = Object.values<Route>(routes)
      .filter(({ method, body }) => method === 'POST' && body !== undefined)
      .map((route) => pathOf(target, route))
    for (const path of [...paths, '/graphql', '/api/v1/sessions', '/web/session']) {
      await (await beginPost(target.url, path, target.admin.token, {})).leave()
    }
    await expectHealthy(target)
  })

  test('before the answer to a request that costs something', async () => {
    const body = '{"email":"nobody@example.com","password":"a long password"}'
    const whole = post(`${json}\r\ncontent-length: ${body.length}`, body)
    await Promise.all(Array.from({ length: 5 }, () => speakAndLeave(target.url, whole)))
    await expectHealthy(target)
  })

  test('a request that comes byte by byte is answered like any other', async () => {
    const text = `GET /v1/orgs HTTP/1.1\r\nhost: a\r\nauthorization: ${target.minted.token}\r\nconnection: close\r\n\r\n`
    const parts = Array.from({ length: Math.ceil(text.length / 10) }, (_, at) => text.slice(at * 10, at * 10 + 10))
    expect(statusesIn(await speak(target.url, ...parts))).toEqual([200])
  })

  test('requests one behind another on one connection are all answered, in order', async () => {
    const request = (path: string, close = '') =>
      `GET ${path} HTTP/1.1\r\nhost: a\r\nauthorization: ${target.minted.token}\r\n${close}\r\n`
    const text =
      request('/v1/orgs') +
      request('/v1/users/current') +
      request('/nowhere') +
      request('/healthz', 'connection: close\r\n')
    expect(statusesIn(await speak(target.url, text))).toEqual([200, 403, 404, 200])
  })
})
