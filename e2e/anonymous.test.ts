// Public answers of an authority: made once, and cached by clients.
import { expect, test } from 'vitest'

import { startAuthority } from './authority.ts'
import { prepareAuthority } from './prepare.ts'
import { speak } from './raw-socket.ts'

const { authority } = prepareAuthority()

test('the description of the API is known again by its tag', async () => {
  const first = await fetch(`${authority.url()}/openapi.json`)
  const etag = first.headers.get('etag') ?? ''
  expect(etag).toMatch(/^"[\w-]{43}"$/)
  expect(await first.json()).toMatchObject({ openapi: '3.1.0', servers: [{ url: authority.url() }] })
  // The tag itself, as a compressing proxy sends it, one of several, and any.
  for (const tags of [etag, `W/${etag}`, `"other", W/${etag}`, '*']) {
    const again = await fetch(`${authority.url()}/openapi.json`, { headers: { 'if-none-match': tags } })
    expect([again.status, await again.text()], tags).toEqual([304, ''])
  }
  const other = await fetch(`${authority.url()}/openapi.json`, { headers: { 'if-none-match': '"other"' } })
  expect([other.status, other.headers.get('etag')]).toEqual([200, etag])
})

test('metrics are collected once for all who ask at the same time', async () => {
  const ask = async () => (await fetch(`${authority.url()}/metrics`)).text()
  const texts = await Promise.all(Array.from({ length: 20 }, ask))
  expect(new Set(texts).size).toBeLessThanOrEqual(2)
  expect(texts[0]).toContain('hallpass_http_request_duration_seconds')
})

test('each request is counted once, under its route and never under its address', async () => {
  const own = await startAuthority()
  try {
    const ask = (method: string, path: string) => fetch(`${own.url()}${path}`, { method })
    for (const [method, path] of [
      ['GET', '/v1/apps/one'],
      ['GET', '/v1/apps/two'],
      ['HEAD', '/v1/apps/one'],
      ['GET', '/no/such/page'],
    ] as const) {
      await (await ask(method, path)).arrayBuffer()
    }
    // What no route is asked for: a malformed path, a name that is too long, a path that is too long, and no HTTP at all.
    for (const path of ['/v1/apps/%ff', `/v1/apps/${'a'.repeat(600)}`, `/${'a'.repeat(9000)}`]) {
      await (await ask('GET', path)).arrayBuffer()
    }
    await speak(own.url(), 'HELO\r\n\r\n')
    await speak(own.url(), `GET / HTTP/1.1\r\nhost: a\r\nx: ${'a'.repeat(90_000)}\r\n\r\n`)
    const text = await (await ask('GET', '/metrics')).text()
    const counts = text.split('\n').filter((line) => line.startsWith('hallpass_http_request_duration_seconds_count'))
    expect(counts.map((line) => line.replace(/^[^{]+/, ''))).toEqual([
      '{method="GET",route="/v1/apps/:app_name",status="401"} 2',
      '{method="HEAD",route="/v1/apps/:app_name",status="401"} 1',
      '{method="GET",route="none",status="404"} 1',
      '{method="GET",route="none",status="400"} 2',
      '{method="GET",route="none",status="414"} 1',
      '{method="other",route="none",status="400"} 1',
      '{method="other",route="none",status="431"} 1',
    ])
  } finally {
    await own.close()
  }
})

test('addresses, queries and heads that nobody needs are refused before anything is made of them', async () => {
  const { ask } = authority
  const refusal = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const { status, body } = await ask('GET', path, { headers })
    return [status, (body as { message?: string }).message]
  }
  const fields = (count: number) => Array.from({ length: count }, (_, i) => `f${i}=${i}`).join('&')
  for (const path of ['/healthz', '/v1/login-methods', '/nowhere']) {
    expect(await refusal(`${path}?${'x'.repeat(8192)}`)).toEqual([400, expect.stringContaining('address is too long')])
  }
  for (const path of ['/healthz', '/v1/login-methods', '/v1/orgs']) {
    expect(await refusal(`${path}?${fields(33)}`)).toEqual([400, expect.stringContaining('too many fields: 32')])
  }
  expect(await refusal(`/${'a/'.repeat(5000)}`)).toEqual([400, expect.stringContaining('address is too long')])
  expect(await refusal(`/healthz?${fields(32)}`)).toEqual([200, undefined])
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, '1']))
  expect((await refusal('/healthz', many(120)))[1]).toMatch(/too large|too many headers/)
  expect(await refusal('/healthz', many(60))).toEqual([200, undefined])
})
