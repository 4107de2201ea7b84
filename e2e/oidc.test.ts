// Logging in at an OpenID provider: with a real one on loopback, and a browser that is sent there and back.
import { afterAll, beforeEach, describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import {
  startProvider,
  wander,
  type ProviderPerson,
  type TestProvider,
  type Wanderer,
} from '../packages/authority/src/identity/testing/openid-provider.ts'
import { founder, startAuthority } from './authority.ts'
import { ownPage } from './browser.ts'
import { startFreshChild } from './child.ts'
import { freePort } from './free-port.ts'
import { expectAnswer, expectRefusal } from './http.ts'
import { createOrganisation, invite, signInFounder, signUpInto, unique } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

let origin: string
let provider: TestProvider
const prepared = prepareAuthority(async () => {
  const port = await freePort()
  origin = `http://127.0.0.1:${port}`
  provider = await startProvider(`${origin}/web/oidc/callback`)
  const { issuer, clientId, clientSecret } = provider
  const oidc = { issuer, clientId, clientSecret, name: 'Example ID', signUpDomains: ['staff.example'] }
  return { publicUrl: origin, oidc, port }
})
const { authority, ask, admin } = prepared
const slug = prepareOrganisation(prepared)
afterAll(() => provider.close())
// The requests of one test must not count for the limits of another.
beforeEach(() => authority.restart())

const isOurs = (url: URL) => url.origin === origin && !url.pathname.startsWith('/web/')
const isCallback = (url: URL) => url.origin === origin && url.pathname === '/web/oidc/callback'
const start = (returnTo = '/orgs') => `${origin}/web/oidc/start?return_to=${encodeURIComponent(returnTo)}`
const host = () => new URL(origin).host

/** Logs in at the provider as this person: where the browser ends up. */
async function logIn(person: ProviderPerson | null, browser: Wanderer = wander(), returnTo?: string): Promise<URL> {
  provider.logIn(person)
  return browser.follow(start(returnTo), isOurs)
}

/** What the login page gets. */
function errorOf({ pathname, searchParams }: URL): string | null {
  return pathname === '/login' ? searchParams.get('error') : null
}

/** Whom the browser's cookie stands for; undefined where it has none that counts. */
async function whoIs(browser: Wanderer): Promise<string | undefined> {
  const answer = await ask('GET', '/v1/users/current', { headers: { ...ownPage, cookie: browser.cookies(host()) } })
  return answer.status === 200 ? expectAnswer(routes.showCurrentUser, answer).email : undefined
}

const verified = (email: string, sub = unique('sub')): ProviderPerson => ({ sub, email, email_verified: true })

describe('a person who comes from the provider', () => {
  test('is the one who came before, even with another address', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    const known = verified(person.email)
    expect((await logIn(known)).href).toBe(`${origin}/orgs`)
    const moved = wander()
    await logIn({ ...known, email: 'other@elsewhere.example', email_verified: false }, moved)
    expect(await whoIs(moved)).toBe(person.email)
  })

  test('ends the session that the browser had before', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    const known = verified(person.email)
    const [elsewhere, browser] = [wander(), wander()]
    await logIn(known, elsewhere)
    await logIn(known, browser)
    const before = browser.cookies(host())
    await browser.follow(start(), isOurs)
    expect(await whoIs(browser)).toBe(person.email)
    expect((await ask('GET', '/v1/orgs', { headers: { ...ownPage, cookie: before } })).status).toBe(401)
    // Those of other browsers go on.
    expect(await whoIs(elsewhere)).toBe(person.email)
  })

  test('is linked to the account of an address that the provider has verified, and it is written down', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    const browser = wander()
    expect((await logIn(verified(person.email.toUpperCase()), browser)).pathname).toBe('/orgs')
    expect(await whoIs(browser)).toBe(person.email)
    const [event] = authority.inspect((database) =>
      database.prepare('select operation, target, actor_label from audit_events order by id desc limit 1').all(),
    )
    expect(event).toEqual({
      operation: 'user.sign_in_with_identity',
      target: `user ${person.email}, linked to ${provider.issuer}`,
      actor_label: person.email,
    })
  })

  test('keeps the password of an account whose address was proven before', async () => {
    await logIn(verified(founder.email))
    expect((await ask('POST', '/v1/sessions', { body: founder })).status).toBe(201)
    expect(await whoIs(wander())).toBeUndefined()
  })

  test.each([
    ['unverified', { email_verified: false }],
    ['of which the provider says nothing', {}],
    ['verified by a word that is not true', { email_verified: 'yes' as unknown as boolean }],
  ])('is nobody by an address that is %s', async (_, told) => {
    const person = await signUpInto(ask, admin.token, slug)
    const browser = wander()
    const url = await logIn({ sub: unique('sub'), email: person.email, ...told }, browser)
    expect(errorOf(url)).toBe('oidc_unverified_email')
    expect(await whoIs(browser)).toBeUndefined()
  })

  test('is nobody without an address', async () => {
    expect(errorOf(await logIn({ sub: unique('sub') }))).toBe('oidc_unverified_email')
    expect(errorOf(await logIn(verified('not an address')))).toBe('oidc_unverified_email')
  })

  test('gets an account by their invitation, and joins once they say so', async () => {
    const email = `${unique('invited')}@guest.example`
    const other = await createOrganisation(ask, admin.token, 'Other')
    await invite(ask, admin.token, slug, { email, role: 'admin' })
    await invite(ask, admin.token, other.slug, { email })
    const browser = wander()
    expect((await logIn(verified(email), browser)).pathname).toBe('/orgs')
    expect(await whoIs(browser)).toBe(email)
    const headers = { ...ownPage, cookie: browser.cookies(host()) }
    const reached = async () =>
      expectAnswer(routes.listOrganisations, await ask('GET', '/v1/orgs', { headers })).orgs.map(
        ({ raw_slug, role }) => [raw_slug, role],
      )
    expect((await reached()).filter(([found]) => found === slug || found === other.slug)).toEqual([])
    const listed = async () =>
      expectAnswer(routes.listOwnInvitations, await ask('GET', '/v1/invitations', { headers })).invitations
    const [declined, accepted] = await listed()
    expect([declined, accepted]).toMatchObject([
      { org_name: 'Other', role: 'member', created_by: founder.email, created_by_proven: true },
      { org_name: 'Acme', role: 'admin', created_by: founder.email, created_by_proven: true },
    ])
    const path = (invitation: { readonly id: number } | undefined) => `/v1/invitations/${invitation?.id ?? 0}`
    expect((await ask('POST', `${path(accepted)}/accept`, { headers })).status).toBe(200)
    expect((await ask('DELETE', path(declined), { headers })).status).toBe(204)
    expect(await reached()).toContainEqual([slug, 'admin'])
    expect(await listed()).toEqual([])
    for (const used of [accepted, declined]) expectRefusal(await ask('POST', `${path(used)}/accept`, { headers }), 404)
  })

  test('gets no account by an invitation that has ended or was withdrawn', async () => {
    const email = `${unique('late')}@guest.example`
    await invite(ask, admin.token, slug, { email })
    await authority.restart((database) => {
      database.prepare('update invitations set expires_at = ? where email = ?').run(Date.now() - 1, email)
    })
    expect(errorOf(await logIn(verified(email)))).toBe('oidc_no_account')
  })

  test('gets an account where their domain is listed, that domain and no other', async () => {
    const email = `${unique('new')}@staff.example`
    const browser = wander()
    expect((await logIn(verified(email), browser)).pathname).toBe('/orgs')
    expect(await whoIs(browser)).toBe(email)
    const orgs = await ask('GET', '/v1/orgs', { headers: { ...ownPage, cookie: browser.cookies(host()) } })
    expect(expectAnswer(routes.listOrganisations, orgs).orgs).toMatchObject([{ slug: 'personal' }])
    for (const other of ['a@notstaff.example', 'a@staff.example.evil.example', 'a@sub.staff.example', 'a@example']) {
      expect(errorOf(await logIn(verified(other))), other).toMatch(/^oidc_(?:no_account|unverified_email)$/)
    }
  })

  test('is refused where nobody knows them', async () => {
    const browser = wander()
    const url = await logIn(verified(`${unique('nobody')}@elsewhere.example`), browser)
    expect(errorOf(url)).toBe('oidc_no_account')
    expect(await whoIs(browser)).toBeUndefined()
  })

  test('does not take over an account that belongs to somebody else there, by an address given to them later', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    await logIn(verified(person.email, 'first'))
    const url = await logIn(verified(person.email, 'second'))
    expect(errorOf(url)).toBe('oidc_other_identity')
  })

  test('has no password until they set one, and no password opens their account meanwhile', async () => {
    const email = `${unique('new')}@staff.example`
    const browser = wander()
    await logIn(verified(email), browser)
    const headers = { ...ownPage, cookie: browser.cookies(host()) }
    const current = await ask('GET', '/v1/users/current', { headers })
    expect(expectAnswer(routes.showCurrentUser, current).has_password).toBe(false)
    for (const password of ['x', ' ', 'null', 'undefined']) {
      expectRefusal(await ask('POST', '/v1/sessions', { body: { email, password } }), 401)
    }
    const body = { new_password: 'a password of my own' }
    expect((await ask('PUT', '/v1/users/current/password', { headers, body })).status).toBe(204)
    const login = await ask('POST', '/v1/sessions', { body: { email, password: body.new_password } })
    expect(login.status).toBe(201)
  })
})

describe('a login', () => {
  test('is ended by the browser that began it, and by no other', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    provider.logIn(verified(person.email))
    const [attacker, victim] = [wander(), wander()]
    const callback = await attacker.follow(start(), isCallback)
    expect(callback.searchParams.get('code')).not.toBeNull()
    for (const browser of [victim, wander()]) {
      // With an attempt of their own, and without one.
      if (browser === victim) await browser.get(start())
      const ended = await browser.follow(callback.href, isOurs)
      expect(errorOf(ended)).toBe('oidc_state')
      expect(await whoIs(browser)).toBeUndefined()
    }
    expect((await attacker.follow(callback.href, isOurs)).pathname).toBe('/orgs')
    expect(await whoIs(attacker)).toBe(person.email)
  })

  test('ends once: what came back opens nothing again, not even in the same browser', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    provider.logIn(verified(person.email))
    const browser = wander()
    const callback = await browser.follow(start(), isCallback)
    const cookie = browser.cookies(host())
    expect((await browser.follow(callback.href, isOurs)).pathname).toBe('/orgs')
    expect(errorOf(await browser.follow(callback.href, isOurs))).toBe('oidc_state')
    // Somebody who has kept the cookie: the provider knows that the code was used.
    const replayed = await fetch(callback, { redirect: 'manual', headers: { cookie } })
    expect(replayed.headers.get('location')).toMatch(/^\/login\?error=oidc_failed&/)
    expect(replayed.headers.getSetCookie().some((line) => line.includes('fo1_'))).toBe(false)
  })

  test('needs the state, the whole state and nothing but the state', async () => {
    provider.logIn(verified(`${unique('new')}@staff.example`))
    const browser = wander()
    const callback = await browser.follow(start(), isCallback)
    const state = callback.searchParams.get('state') ?? ''
    for (const wrong of ['', 'x', state.slice(1), `${state}x`, state.toUpperCase()]) {
      const url = new URL(callback)
      url.searchParams.set('state', wrong)
      expect(errorOf(await browser.follow(url.href, isOurs)), wrong).toBe('oidc_state')
    }
    const without = new URL(callback)
    without.searchParams.delete('state')
    expect(errorOf(await browser.follow(without.href, isOurs))).toBe('oidc_state')
    const twice = new URL(callback)
    twice.searchParams.append('state', state)
    expect(errorOf(await browser.follow(twice.href, isOurs))).toBe('oidc_state')
    expect((await browser.follow(callback.href, isOurs)).pathname).toBe('/orgs')
  })

  test('that somebody cancels says so, and keeps in mind where they wanted to go', async () => {
    const cancelled = await logIn(null, wander(), '/cli/abc?x=1&y')
    expect(cancelled.pathname + cancelled.search).toBe('/login?error=oidc_denied&return_to=%2Fcli%2Fabc%3Fx%3D1%26y')
    expect(errorOf(await logIn(null))).toBe('oidc_denied')
  })

  test.each([
    ['https://evil.example/', '/'],
    ['//evil.example/', '/'],
    ['/\\evil.example', '/'],
    ['/\t/evil.example', '/'],
    ['/.//evil.example', '/'],
    ['/x/..//evil.example', '/'],
    ['javascript:alert(1)', '/'],
    ['orgs', '/'],
    ['/dashboard/acme/tokens?page=2#top', '/dashboard/acme/tokens?page=2#top'],
    ['/cli/abc', '/cli/abc'],
  ])('goes on at a path of ours and nowhere else: %j', async (returnTo, expected) => {
    const url = await logIn(verified(`${unique('new')}@staff.example`), wander(), returnTo)
    expect(url.href).toBe(origin + expected)
  })

  test('is kept in a cookie that scripts do not read, for ten minutes', async () => {
    const response = await wander().get(start())
    const [cookie = '', ...more] = response.headers.getSetCookie()
    expect(more).toEqual([])
    expect(cookie).toMatch(/^hallpass-login=[\w.-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/)
    const location = new URL(response.headers.get('location') ?? '')
    expect(location.origin).toBe(provider.issuer)
    expect(Object.fromEntries(location.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'hallpass',
      redirect_uri: `${origin}/web/oidc/callback`,
      scope: 'openid email',
      code_challenge_method: 'S256',
      state: expect.stringMatching(/^[\w-]{43}$/) as string,
      nonce: expect.stringMatching(/^[\w-]{43}$/) as string,
    })
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(cookie).not.toContain(location.searchParams.get(name))
    }
  })
})

describe('the provider', () => {
  test('is asked where it has what when somebody first wants in, and not again', async () => {
    const discoveries = () => provider.asked.filter((path) => path.endsWith('/openid-configuration')).length
    const before = discoveries()
    const methods = await ask('GET', '/v1/login-methods')
    expect(expectAnswer(routes.showLoginMethods, methods).oidc).toEqual({ name: 'Example ID' })
    expect(discoveries()).toBe(before)
    await Promise.all([wander().get(start()), wander().get(start())])
    await wander().get(start())
    expect(discoveries()).toBe(before + 1)
  })

  test('that is down lets nobody in and keeps nobody out who has a password, and is asked again once it is up', async () => {
    const port = await freePort()
    const here = `http://127.0.0.1:${port}`
    const gone = await startProvider(`${here}/web/oidc/callback`)
    const { issuer, clientId } = gone
    await gone.close()
    const other = await startAuthority({ publicUrl: here, oidc: { issuer, clientId }, port })
    try {
      for (let count = 0; count < 2; count += 1) {
        const response = await wander().get(`${here}/web/oidc/start`)
        expect(response.headers.get('location')).toBe('/login?error=oidc_unavailable')
      }
      await signInFounder(other.ask)
    } finally {
      await other.close()
    }
  })

  test('that goes down in between says so', async () => {
    const port = await freePort()
    const here = `http://127.0.0.1:${port}`
    const leaving = await startProvider(`${here}/web/oidc/callback`)
    const { issuer, clientId, clientSecret } = leaving
    const other = await startAuthority({ publicUrl: here, oidc: { issuer, clientId, clientSecret }, port })
    try {
      leaving.logIn(verified(founder.email))
      const browser = wander()
      const callback = await browser.follow(`${here}/web/oidc/start`, (url) => url.pathname === '/web/oidc/callback')
      await leaving.close()
      const ended = await browser.follow(callback.href, (url) => url.pathname === '/login')
      expect(errorOf(ended)).toBe('oidc_unavailable')
    } finally {
      await other.close()
      await leaving.close()
    }
  })

  test('a failed login is in the log, with the reason', async () => {
    const port = await freePort()
    const here = `http://127.0.0.1:${port}`
    const leaving = await startProvider(`${here}/web/oidc/callback`)
    const { issuer, clientId, clientSecret } = leaving
    const oidc = { issuer, clientId, clientSecret }
    const child = await startFreshChild({ publicUrl: here, oidc, listen: { host: '127.0.0.1', port } })
    const enter = (person: ProviderPerson | null) => {
      leaving.logIn(person)
      return wander().follow(`${here}/web/oidc/start`, ({ pathname }) => pathname === '/login')
    }
    try {
      await enter(null)
      await enter({ sub: 'eve', email: founder.email })
      await wander().follow(
        `${here}/web/oidc/callback?state=secret&code=secret`,
        ({ pathname }) => pathname === '/login',
      )
      const lines = () =>
        child
          .log()
          .split('\n')
          .filter((line) => line.includes('provider failed'))
          .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
      await expect.poll(() => lines().length).toBe(3)
      const detail = (words: string) => expect.stringContaining(words) as string
      expect(lines()).toMatchObject([
        { code: 'oidc_denied', detail: detail('access_denied: they pressed cancel') },
        { code: 'oidc_unverified_email', detail: detail('email_verified') },
        { code: 'oidc_state', detail: detail('no login in progress') },
      ])
      for (const { provider: at, request_id } of lines()) {
        expect(at).toBe(issuer)
        expect(request_id).toMatch(/^[\w-]{12}-\w+$/)
      }
      expect(child.log()).not.toMatch(/secret/)
    } finally {
      await child.remove()
      await leaving.close()
    }
  })

  test('that is not configured has no routes', async () => {
    const plain = await startAuthority()
    try {
      for (const path of ['/web/oidc/start', '/web/oidc/callback']) {
        expect((await plain.ask('GET', path)).status).toBe(404)
      }
      const methods = await plain.ask('GET', '/v1/login-methods')
      expect(expectAnswer(routes.showLoginMethods, methods).oidc).toBeNull()
    } finally {
      await plain.close()
    }
  })

  test.each([
    { issuer: 'http://id.example' },
    { issuer: 'ftp://id.example' },
    { issuer: 'id.example' },
    { issuer: 'https://id.example/?tenant=1' },
    { issuer: 'https://user:secret@id.example' },
    { clientId: '' },
    { clientId: 'a\nb' },
    { clientSecret: '' },
    { name: ' ' },
    { name: 'x'.repeat(41) },
    { issuer: 'https://login.microsoftonline.com/common/v2.0', trustEmails: true },
    { signUpDomains: ['*'] },
    { signUpDomains: ['a@b.example'] },
    { signUpDomains: ['staff.example', ''] },
  ])('is configured well or not at all: %j', async (wrong) => {
    const oidc = { issuer: 'https://id.example', clientId: 'x', ...wrong }
    await expect(startAuthority({ oidc })).rejects.toMatchObject({
      code: 'configuration_invalid',
      message: expect.stringMatching(/^HALLPASS_OIDC_/) as string,
    })
  })
})
