// Behind a proxy that ends TLS: what it says is believed, and what anybody else says is not.
import { afterEach, describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'
import { attenuate, formatAuthorization, type Caveat } from '@hallpass/macaroon'

import { founder, startAuthority, type TestAuthority } from './authority.ts'
import { readSetCookie, visit } from './browser.ts'
import { startFreshChild } from './child.ts'
import { startingCliLogin } from './cli-login.ts'
import { arrive } from './hallpass.ts'
import { expectAnswer, expectRefusal } from './http.ts'
import { forge, readMacaroon } from './macaroons.ts'
import { invite, createOrganisation, mint, signInFounder } from './people.ts'

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

/** The address of a command line that wants to log in, as the person who approves it sees it. */
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

const forwarded = { 'x-forwarded-for': '203.0.113.9' }

describe('the address of the caller', () => {
  test('is what a trusted proxy says, as far back as proxies are trusted', async () => {
    const running = await start({ trustedProxies: ['127.0.0.1', '10.0.0.0/8'] })
    expect(await addressOf(running, forwarded)).toBe('203.0.113.9')
    expect(await addressOf(running, { 'x-forwarded-for': '1.1.1.1, 203.0.113.9, 10.1.2.3' })).toBe('203.0.113.9')
    expect(await addressOf(running, { 'x-forwarded-for': '2001:db8::9' })).toBe('2001:db8::9')
    expect(await addressOf(running, {})).toBe('127.0.0.1')
    // What is no address is nobody's.
    for (const text of ['', 'unknown', '203.0.113:80', '[203.0.113.9', '<script>', 'x'.repeat(5000)]) {
      expect(await addressOf(running, { 'x-forwarded-for': text }), text).toBe('127.0.0.1')
    }
  })

  test('is not that of the proxy where a token is good from some networks alone, and what the proxy says is no address', async () => {
    const { ask } = await start({ trustedProxies: ['127.0.0.1'] })
    const { token } = await signInFounder(ask)
    const { slug } = await createOrganisation(ask, token)
    const caveats = [{ type: 'Networks', body: { networks: ['127.0.0.0/8'] } }]
    const bound = (await mint(ask, token, slug, { caveats })).token
    const limited = await createOrganisation(ask, token)
    const free = (await mint(ask, token, limited.slug)).token
    const body = { networks: ['127.0.0.0/8'] }
    expect((await ask('PATCH', `/v1/orgs/${limited.slug}/policy`, { token, body })).status).toBe(200)
    for (const credential of [bound, free]) {
      const read = (headers = {}) => ask('GET', '/v1/tokens/current', { token: credential, headers })
      expect((await read()).status).toBe(200)
      expectRefusal(await read({ 'x-forwarded-for': 'unknown' }), 403)
      expectRefusal(await read({ 'x-forwarded-for': '127.0.0.1, unix:' }), 403)
      expect((await read({ 'x-forwarded-for': '127.0.0.9' })).status).toBe(200)
    }
  })

  test('is read with a port, in brackets, in quotation marks, and kept without a zone', async () => {
    const running = await start({ trustedProxies: ['127.0.0.1', '10.0.0.0/8', '2001:db8:ffff::/48'] })
    for (const [told, address] of [
      ['203.0.113.9:5001', '203.0.113.9'],
      ['"203.0.113.9:5001"', '203.0.113.9'],
      ['[203.0.113.9]:5001', '203.0.113.9'],
      ['[2001:db8::9]', '2001:db8::9'],
      ['[2001:DB8:0:0::9]:5001', '2001:db8::9'],
      ['"[2001:db8::9]:5001"', '2001:db8::9'],
      ['::ffff:203.0.113.9', '203.0.113.9'],
      ['::ffff:cb00:7109', '203.0.113.9'],
      [`fe80::9%${'z'.repeat(5000)}`, 'fe80::9'],
      [`[fe80::9%eth0]:5001`, 'fe80::9'],
      ['1.1.1.1:1, 203.0.113.9:5001, 10.1.2.3:5002, [2001:db8:ffff::1]:5003', '203.0.113.9'],
    ] as const) {
      expect(await addressOf(running, { 'x-forwarded-for': told }), told).toBe(address)
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
    // Whoever has a port to each connection has one address.
    for (let count = 0; count < 10; count += 1) expectRefusal(await guess(`203.0.113.11:${5000 + count}`), 401)
    expectRefusal(await guess('203.0.113.11:6000'), 429)
  })

  test('does not let anybody guess on at one account, however many they have', async () => {
    const { ask } = await start({ trustedProxies: ['127.0.0.1'] })
    const enter = (address: string, password: string, email: string = founder.email) =>
      ask('POST', '/v1/sessions', { body: { email, password }, headers: { 'x-forwarded-for': address } })
    expect((await enter('192.0.2.1', founder.password)).status).toBe(201)
    for (let count = 0; count < 100; count += 1) expectRefusal(await enter(`198.51.100.${count}`, 'wrong'), 401)
    for (const password of ['wrong', founder.password]) {
      const refused = await enter('203.0.113.1', password, 'ADA@example.com')
      expectRefusal(refused, 429)
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60)
    }
    // From where they came in before, the account's owner still does; and others are not touched.
    expect((await enter('192.0.2.1', founder.password)).status).toBe(201)
    expectRefusal(await enter('203.0.113.1', 'wrong', 'nobody@example.com'), 401)
  })
})

describe('a refusal names the setting that is missing', () => {
  const told = async (running: TestAuthority, headers: Readonly<Record<string, string>>) =>
    expectRefusal(await visit(running.ask, headers).ask('POST', '/web/session', { body: founder }), 403).message

  test('--public-url where there is none, and where there is one, what it is', async () => {
    const bare = await start({})
    expect(await told(bare, { origin: publicUrl })).toContain('--public-url')
    await bare.close()
    const named = await start({ publicUrl })
    const elsewhere = await told(named, { origin: 'https://elsewhere.example' })
    expect(elsewhere).toContain(publicUrl)
    expect(elsewhere).not.toContain('--')
  })

  test('--trusted-proxies where everybody behind a proxy that nobody named is made to wait', async () => {
    const { ask } = await start({})
    const guess = (headers: Readonly<Record<string, string>>) =>
      ask('POST', '/v1/sessions', { body: { email: 'nobody@example.com', password: 'wrong' }, headers })
    for (let count = 0; count < 10; count += 1) expectRefusal(await guess(forwarded), 401)
    expect(expectRefusal(await guess(forwarded), 429).message).toContain('--trusted-proxies')
    expect(expectRefusal(await guess({}), 429).message).not.toContain('--trusted-proxies')
  })

  test('the same in GraphQL, where it says that in an answer of 200', async () => {
    const { ask } = await start({})
    const founding = await signInFounder(ask)
    const { slug } = await createOrganisation(ask, founding.token)
    const { token } = await mint(ask, founding.token, slug)
    const caveats = Array.from({ length: 250 }, (_, mask): Caveat => ({ type: 'Action', mask: 31 + 32 * mask }))
    const forged = forge(formatAuthorization([attenuate(readMacaroon(token), caveats).bytes]))
    const query = { token: forged, body: { query: '{ viewer { id } }' }, headers: forwarded }
    const words = async () =>
      ((await ask('POST', '/graphql', query)).body as { errors: { message: string }[] }).errors[0]?.message ?? ''
    let said = await words()
    for (let count = 0; count < 200 && said.includes('not genuine'); count += 1) said = await words()
    expect(said).toContain('--trusted-proxies')
    const again = () => ask('GET', '/v1/tokens/current', { token: forged, headers: forwarded })
    // The network regains one step a second, which may be enough for one more token on a slow machine.
    let rest = await again()
    for (let count = 0; count < 200 && rest.status === 401; count += 1) rest = await again()
    expect(expectRefusal(rest, 429).message).toContain('--trusted-proxies')
    expect(Number(rest.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})

describe('the log', () => {
  const words = { https: 'begins with https://', unknown: 'does not name: if it is', silent: 'without an address in' }
  type Way = readonly [Parameters<typeof startAuthority>[0], Readonly<Record<string, string>>, readonly string[]]
  const ways: readonly Way[] = [
    [{}, {}, []],
    [{ publicUrl: 'http://localhost:8080' }, {}, []],
    [{ publicUrl }, {}, ['https']],
    [{ publicUrl, trustedProxies: ['10.0.0.0/8'] }, forwarded, ['unknown']],
    [{}, forwarded, ['unknown']],
    [{ publicUrl, trustedProxies: ['127.0.0.1'] }, forwarded, []],
    [{ publicUrl, trustedProxies: ['127.0.0.1'] }, {}, ['silent']],
    [{ publicUrl, trustedProxies: ['127.0.0.1'] }, { 'x-forwarded-for': 'unknown' }, ['silent']],
    [{ publicUrl, trustedProxies: ['127.0.0.1'] }, { 'x-forwarded-for': ' , ,' }, ['silent']],
    [{ publicUrl, trustedProxies: ['127.0.0.1'] }, { 'x-forwarded-for': '203.0.113.1, ,' }, []],
    [{}, { 'x-forwarded-for': ',' }, []],
  ]

  test.each(ways)('of %j, asked with %j, has one warning of each kind: %j', async (options, headers, warnings) => {
    const child = await startFreshChild(options)
    try {
      // What watches the health is no client of a proxy.
      await child.ask('GET', '/healthz')
      for (let count = 0; count < 3; count += 1) await child.ask('GET', '/v1/users/current', { headers })
      const count = (text: string) => child.log().split(text).length - 1
      await expect.poll(() => count('"status":401')).toBe(3)
      for (const [name, text] of Object.entries(words)) {
        expect(count(text), name).toBe(warnings.includes(name) ? 1 : 0)
      }
    } finally {
      await child.remove()
    }
  })
})

describe('a connection without a request', () => {
  test('is kept longer than the proxies of the clouds keep theirs, or as long as is said', async () => {
    const kept = async ({ ask }: TestAuthority) => (await ask('GET', '/healthz')).headers.get('keep-alive')
    const usual = await start({})
    expect(await kept(usual)).toBe('timeout=620')
    await usual.close()
    expect(await kept(await start({ keepAlive: 30_000 }))).toBe('timeout=30')
    const place = await arrive()
    try {
      const { url } = await place.serve(['--log-level', 'silent'], { HALLPASS_KEEP_ALIVE: '90s' })
      expect((await fetch(`${url}/healthz`)).headers.get('keep-alive')).toBe('timeout=90')
    } finally {
      await place.leave()
    }
  })

  test.each([0, 4999, 3_600_001, Number.NaN])('is not kept for %d milliseconds', async (keepAlive) => {
    await expect(startAuthority({ keepAlive })).rejects.toThrow('--keep-alive is between 5s and 1h')
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
