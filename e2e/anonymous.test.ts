// What an authority hands out to whoever asks: made once, and known again.
import { afterAll, beforeAll, expect, test } from 'vitest'

import { startAuthority, type TestAuthority } from './authority.ts'

let authority: TestAuthority
beforeAll(async () => {
  authority = await startAuthority()
})
afterAll(() => authority.close())

test('the description of the API is known again by its tag', async () => {
  const first = await fetch(`${authority.url()}/openapi.json`)
  const etag = first.headers.get('etag') ?? ''
  expect(etag).toMatch(/^"[\w-]{43}"$/)
  expect(await first.json()).toMatchObject({ openapi: '3.1.0', servers: [{ url: authority.url() }] })
  const again = await fetch(`${authority.url()}/openapi.json`, { headers: { 'if-none-match': etag } })
  expect([again.status, await again.text()]).toEqual([304, ''])
  const other = await fetch(`${authority.url()}/openapi.json`, { headers: { 'if-none-match': '"other"' } })
  expect([other.status, other.headers.get('etag')]).toEqual([200, etag])
})

test('metrics are collected once for all who ask at the same time', async () => {
  const ask = async () => (await fetch(`${authority.url()}/metrics`)).text()
  const texts = await Promise.all(Array.from({ length: 20 }, ask))
  expect(new Set(texts).size).toBeLessThanOrEqual(2)
  expect(texts[0]).toContain('hallpass_http_request_duration_seconds')
})
