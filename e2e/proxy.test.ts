// Behind a proxy that ends TLS: what it says is believed, and what anybody else says is not.
import { afterEach, describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { founder, startAuthority, type TestAuthority } from './authority.ts'
import { readSetCookie, visit } from './browser.ts'
import { startingCliLogin } from './cli-login.ts'
import { expectAnswer, expectRefusal } from './http.ts'
import { invite, createOrganisation, signInFounder } from './people.ts'

const publicUrl = 'https://hallpass.example.com'

let authority: TestAuthority | undefined
afterEach(async () => {
  await authority?.close()
  authority = undefined
})

async function start(options: Parameters<typeof startAuthority>[0]): Promise<TestAuthority> {
  authority = await startAuthority(options)
  return authority
}

/** From where a command line asks, as the person who is to approve it is told. */
async function addressOf({ ask }: TestAuthority, headers: Readonly<Record<string, string>>): Promise<string> {
  const { token } = await signInFounder(ask)
  const { body } = startingCliLogin()
  const { id } = expectAnswer(routes.createCliLogin, await ask('POST', '/v1/cli-logins', { body, headers }))
  return expectAnswer(routes.showCliLogin, await ask('GET', `/v1/cli-logins/${id}`, { token })).requested_from
}

describe('the public URL', () => {
  test('stands in links, in the description of the API, and makes the cookie secure', async () => {
    const { ask } = await start({ publicUrl })
    const { body } = startingCliLogin()
    const { auth_url } = expectAnswer(routes.createCliLogin, await ask('POST', '/v1/cli-logins', { body }))
    expect(auth_url).toMatch(/^https:\/\/hallpass\.example\.com\/cli\/[\w-]{43}$/)
    expect((await ask('GET', '/openapi.json')).body).toMatchObject({ servers: [{ url: publicUrl }] })
    const browser = visit(ask, { origin: publicUrl })
    const answer = await browser.ask('POST', '/web/session', { body: founder })
    expect(answer.headers.getSetCookie().map(readSetCookie)).toMatchObject([
      { name: '__Host-hallpass', attributes: ['httponly', 'path=/', 'samesite=lax', 'secure'] },
    ])
    expect((await browser.ask('GET', '/v1/users/current')).status).toBe(200)
    // The name that a plain connection could set counts for nothing.
    const [, value = ''] = browser.cookie().split('=')
    const headers = { origin: publicUrl, cookie: `hallpass=${value}` }
    expectRefusal(await ask('GET', '/v1/users/current', { headers }), 401)
  })

  test('is the one origin: a page at the address behind the proxy is not ours', async () => {
    const { ask, url } = await start({ publicUrl })
    expectRefusal(await visit(ask, { origin: url() }).ask('POST', '/web/session', { body: founder }), 403)
  })

  test.each([
    [{ publicUrl: 'hallpass.example.com' }, '--public-url'],
    [{ publicUrl: 'https://hallpass.example.com/hallpass' }, '--public-url'],
    [{ trustedProxies: ['10.0.0.0/8', 'proxy'] }, '--trusted-proxies'],
  ])('or the proxies, where they are wrong, keep it from starting: %j', async (options, flag) => {
    await expect(startAuthority(options)).rejects.toThrow(flag)
  })
})

describe('the address of whoever asks', () => {
  const forwarded = { 'x-forwarded-for': '203.0.113.9' }

  test('is what a trusted proxy says, as far back as proxies are trusted', async () => {
    const running = await start({ trustedProxies: ['127.0.0.1', '10.0.0.0/8'] })
    expect(await addressOf(running, forwarded)).toBe('203.0.113.9')
    expect(await addressOf(running, { 'x-forwarded-for': '1.1.1.1, 203.0.113.9, 10.1.2.3' })).toBe('203.0.113.9')
    expect(await addressOf(running, { 'x-forwarded-for': '2001:db8::9' })).toBe('2001:db8::9')
    expect(await addressOf(running, {})).toBe('127.0.0.1')
    // What is no address is nobody's.
    for (const text of ['', 'unknown', '203.0.113.9:4711', '<script>', 'x'.repeat(5000)]) {
      expect(await addressOf(running, { 'x-forwarded-for': text })).toBe('127.0.0.1')
    }
  })

  test.each([[undefined], [['10.0.0.0/8']]])('is the other end where that is no trusted proxy: %j', async (proxies) => {
    const running = await start(proxies === undefined ? {} : { trustedProxies: proxies })
    expect(await addressOf(running, forwarded)).toBe('127.0.0.1')
    const { ask } = running
    // Nor does it let anybody guess on, or make a plain connection a secure one.
    for (let count = 0; count < 12; count += 1) {
      const headers = { 'x-forwarded-for': `203.0.113.${count}` }
      const body = { email: 'nobody@example.com', password: 'wrong' }
      expectRefusal(await ask('POST', '/v1/sessions', { body, headers }), count < 10 ? 401 : 429)
    }
    const browser = visit(ask, { 'sec-fetch-site': 'same-origin', 'x-forwarded-proto': 'https' })
    const answer = await browser.ask('POST', '/web/session', { body: founder })
    expect(answer.headers.getSetCookie().map(readSetCookie)).toMatchObject([{ name: 'hallpass' }])
  })

  test('is what guesses are counted by', async () => {
    const { ask } = await start({ trustedProxies: ['127.0.0.1'] })
    const guess = (address: string) =>
      ask('POST', '/v1/sessions', {
        body: { email: founder.email, password: 'wrong' },
        headers: { 'x-forwarded-for': address },
      })
    for (let count = 0; count < 10; count += 1) expectRefusal(await guess('203.0.113.9'), 401)
    expectRefusal(await guess('203.0.113.9'), 429)
    expectRefusal(await guess('203.0.113.10'), 401)
    // A network of IPv6 is one client.
    for (let count = 0; count < 10; count += 1) expectRefusal(await guess(`2001:db8::${count}`), 401)
    expectRefusal(await guess('2001:db8:0:0:ffff::1'), 429)
  })
})

test('a proxy may say that the connection is secure, and which of our addresses was asked for', async () => {
  const { ask } = await start({ trustedProxies: ['127.0.0.1'] })
  const headers = { origin: 'https://192.168.7.7', 'x-forwarded-proto': 'https', 'x-forwarded-host': '192.168.7.7' }
  const browser = visit(ask, headers)
  const answer = await browser.ask('POST', '/web/session', { body: founder })
  expect(answer.headers.getSetCookie().map(readSetCookie)).toMatchObject([{ name: '__Host-hallpass' }])
  expect((await browser.ask('GET', '/v1/users/current')).status).toBe(200)
  // A name is believed where it is configured, and not because somebody says so.
  const rebound = { ...headers, origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' }
  expectRefusal(await visit(ask, rebound).ask('POST', '/web/session', { body: founder }), 403)
})

test('an invitation links to the public URL', async () => {
  const { ask } = await start({ publicUrl })
  const { token } = await signInFounder(ask)
  const { slug } = await createOrganisation(ask, token)
  const answer = await ask('POST', `/v1/orgs/${slug}/invitations`, { token, body: { email: 'new@example.com' } })
  const { code, url } = expectAnswer(routes.inviteMember, answer)
  expect(url).toBe(`${publicUrl}/invite#${code}`)
  expect(await invite(ask, token, slug, { email: 'other@example.com' })).not.toBe(code)
})
