// Logging in with a browser: the cookie that carries the auth token, and all that it must not be good for.
import { describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { founder } from './authority.ts'
import { ownPage, readSetCookie, visit, visitAs } from './browser.ts'
import { expectAnswer, expectRefusal } from './http.ts'
import { createOrganisation, invite, mint, signInFounder, signUpInto, unique } from './people.ts'
import { prepareAuthority } from './prepare.ts'
import { speak } from './raw-socket.ts'

const { authority, ask } = prepareAuthority()

const right = { email: founder.email, password: founder.password }

describe('a session of a browser', () => {
  test('is kept in a cookie that no script reads, and its token stands in no answer', async () => {
    const answer = await ask('POST', '/web/session', { body: right, headers: ownPage })
    expect(answer.status).toBe(201)
    expect(answer.body).toEqual({ user: { id: expect.any(Number) as number, email: founder.email } })
    const cookies = answer.headers.getSetCookie().map(readSetCookie)
    expect(cookies).toHaveLength(1)
    expect(cookies[0]).toMatchObject({ name: 'hallpass', attributes: ['httponly', 'path=/', 'samesite=lax'] })
    expect(cookies[0]?.maxAge).toBeGreaterThan(29 * 86_400)
    expect(cookies[0]?.value).toMatch(/^fo1_[\w-]{43}$/)
  })

  test('works on every route until it is ended, and then the cookie goes', async () => {
    const browser = await visitAs(ask, founder)
    expectAnswer(routes.showCurrentUser, await browser.ask('GET', '/v1/users/current'))
    const created = await browser.ask('POST', '/v1/orgs', { body: { name: unique('Org') } })
    const { slug } = expectAnswer(routes.createOrganisation, created)
    expect((await browser.ask('DELETE', `/v1/orgs/${slug}`)).status).toBe(204)
    const dead = browser.cookie()
    expect((await browser.ask('DELETE', '/web/session')).status).toBe(204)
    expect(browser.cookie()).toBe('')
    const answer = await ask('GET', '/v1/users/current', { headers: { ...ownPage, cookie: dead } })
    expectRefusal(answer, 401)
    expect(answer.headers.getSetCookie().map(readSetCookie)).toMatchObject([{ name: 'hallpass', value: '', maxAge: 0 }])
    // Ending what has ended is no failure.
    expect((await ask('DELETE', '/web/session', { headers: { ...ownPage, cookie: dead } })).status).toBe(204)
  })

  test('ends when another one is opened in the same browser', async () => {
    const browser = await visitAs(ask, founder)
    const before = browser.cookie()
    expect((await browser.ask('POST', '/web/session', { body: right })).status).toBe(201)
    expect(browser.cookie()).not.toBe(before)
    expectRefusal(await ask('GET', '/v1/users/current', { headers: { ...ownPage, cookie: before } }), 401)
    expect((await browser.ask('GET', '/v1/users/current')).status).toBe(200)
  })

  test('begins with an account too', async () => {
    const { token } = await signInFounder(ask)
    const { slug } = await createOrganisation(ask, token)
    const email = `${unique('new')}@example.com`
    const invitation = await invite(ask, token, slug, { email })
    const browser = visit(ask)
    const body = { email, password: 'a long new password', invitation }
    expectRefusal(await browser.ask('POST', '/web/signup', { body: { ...body, setup_code: invitation } }), 400)
    expect((await browser.ask('POST', '/web/signup', { body })).body).toMatchObject({ user: { email } })
    expect((await browser.ask('GET', `/v1/orgs/${slug}`)).status).toBe(200)
  })

  test('is refused with a wrong password, as often as anywhere', async () => {
    const { token } = await signInFounder(ask)
    const victim = await signUpInto(ask, token, (await createOrganisation(ask, token)).slug)
    const guess = { body: { email: victim.email, password: 'wrong' }, headers: ownPage }
    for (let count = 0; count < 5; count += 1) {
      expectRefusal(await ask('POST', '/web/session', guess), 401)
      expectRefusal(await ask('POST', '/v1/sessions', { body: guess.body }), 401)
    }
    expectRefusal(await ask('POST', '/web/session', guess), 429)
  })
})

describe('the cookie counts for nothing', () => {
  const strangers: Readonly<Record<string, (origin: string) => Readonly<Record<string, string>>>> = {
    'from another site': () => ({ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }),
    'from another site that says no origin': () => ({ 'sec-fetch-site': 'cross-site' }),
    'from a sub-domain': (origin) => ({ 'sec-fetch-site': 'same-site', origin }),
    'from another port of this host': () => ({ origin: 'http://127.0.0.1:1' }),
    'in a navigation from another site': () => ({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }),
    'where the address was typed': () => ({ 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }),
    'from an origin that is hidden': () => ({ 'sec-fetch-site': 'same-origin', origin: 'null' }),
    'from another origin, with any other headers': () => ({ ...ownPage, origin: 'https://evil.example' }),
    'where nothing is said': () => ({}),
    'with a referer elsewhere': () => ({ referer: 'https://evil.example/' }),
    'with a referer that only begins like ours': (origin) => ({ referer: `${origin}.evil.example/` }),
    'with a referer that has us as its user': (origin) => ({ referer: `${origin}@evil.example/` }),
    'where two browsers speak': () => ({ 'sec-fetch-site': 'same-origin, cross-site' }),
    'beside an Authorization header, even an empty one': () => ({ ...ownPage, authorization: '' }),
  }

  test.each(Object.entries(strangers))('%s', async (_name, say) => {
    const browser = await visitAs(ask, founder)
    const name = unique('never')
    for (const [method, path, body] of [
      ['GET', '/v1/users/current', undefined],
      ['POST', '/v1/orgs', { name }],
      ['PUT', '/v1/users/current/password', { current_password: founder.password, new_password: 'a new password' }],
    ] as const) {
      const headers = { ...say(authority.url()), cookie: browser.cookie() }
      const answer = await ask(method, path, { headers, body })
      expectRefusal(answer, 401)
      // Nobody can log a person out from elsewhere.
      expect(answer.headers.getSetCookie()).toEqual([])
    }
    expect((await browser.ask('GET', '/v1/orgs')).text).not.toContain(name)
  })

  test('nor can anybody log in or out by it', async () => {
    for (const [name, say] of Object.entries(strangers)) {
      if (name.startsWith('beside')) continue
      const headers = say(authority.url())
      expectRefusal(await ask('POST', '/web/session', { body: right, headers }), 403)
      expectRefusal(await ask('POST', '/web/signup', { body: { ...right, setup_code: 'abcdefgh' }, headers }), 403)
      const browser = await visitAs(ask, founder)
      expectRefusal(await ask('DELETE', '/web/session', { headers: { ...headers, cookie: browser.cookie() } }), 403)
      expect((await browser.ask('GET', '/v1/users/current')).status).toBe(200)
    }
  })

  test('where it is not one auth token of ours', async () => {
    const { token } = await signInFounder(ask)
    const { slug } = await createOrganisation(ask, token)
    const minted = (await mint(ask, token, slug)).token.replace('FlyV1 ', '')
    for (const cookie of [
      `hallpass=${minted}`,
      `hallpass=${token},${token}`,
      `hallpass=${token}; hallpass=${token}`,
      `__Host-hallpass=${token}`,
      `hallpass="${token}"`,
      'hallpass=',
    ]) {
      expectRefusal(await ask('GET', '/v1/orgs', { headers: { ...ownPage, cookie } }), 401)
    }
    const cookie = `a=b; hallpass=${token}; c=d`
    expect((await ask('GET', '/v1/orgs', { headers: { ...ownPage, cookie } })).status).toBe(200)
  })

  test('under a name that was made to point here', async () => {
    const browser = await visitAs(ask, founder)
    const { port } = new URL(authority.url())
    const sayAs = (host: string) =>
      speak(
        authority.url(),
        `GET /v1/users/current HTTP/1.1\r\nhost: ${host}\r\nsec-fetch-site: same-origin\r\n` +
          `cookie: ${browser.cookie()}\r\nconnection: close\r\n\r\n`,
      )
    for (const host of [`rebound.example:${port}`, `127.0.0.1.evil.example:${port}`, '', `a@127.0.0.1:${port}`]) {
      expect(await sayAs(host), host).toMatch(/^HTTP\/1.1 40[01] /)
    }
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) {
      expect(await sayAs(host), host).toMatch(/^HTTP\/1.1 200 /)
    }
  })

  test('but it counts for our own page in a browser without Sec-Fetch-Site', async () => {
    const cookie = (await visitAs(ask, founder)).cookie()
    const origin = authority.url()
    for (const headers of [{ origin }, { referer: `${origin}/orgs` }, { ...ownPage, origin }]) {
      const answer = await ask('GET', '/v1/users/current', { headers: { ...headers, cookie } })
      expect(answer.status, JSON.stringify(headers)).toBe(200)
    }
  })
})
