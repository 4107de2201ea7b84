// A command line that logs in through a browser: who gets the auth token, and who does not.
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { founder, startAuthority } from './authority.ts'
import { visitAs, type Visit } from './browser.ts'
import { startingCliLogin, type StartingCliLogin } from './cli-login.ts'
import { arrive, type Place } from './hallpass.ts'
import { expectAnswer, expectRefusal, type Ask } from './http.ts'
import { signInFounder, statusOf } from './people.ts'
import { prepareAuthority, prepareOrganisation, preparePerson } from './prepare.ts'
import { openTerminal, reasonWithoutTerminal, type Terminal } from './terminal.ts'

const prepared = prepareAuthority()
const { authority, ask, admin: ada } = prepared
const slug = prepareOrganisation(prepared)
const bob = preparePerson(prepared, slug)

async function begin(changes: Partial<StartingCliLogin['body']> = {}) {
  const starting = startingCliLogin(changes)
  const answer = await ask('POST', '/v1/cli-logins', { body: starting.body })
  return { ...starting, ...expectAnswer(routes.createCliLogin, answer) }
}

const path = (id: string, verb = '') => `/v1/cli-logins/${id}${verb}`
const approve = async (id: string, token: string) =>
  expectAnswer(routes.approveCliLogin, await ask('POST', path(id, '/approve'), { token }))
const redeem = (id: string, code: string | null, verifier: string) =>
  ask('POST', path(id, '/redeem'), { body: { code, code_verifier: verifier } })

test('a login that flyctl wants limited is refused where a person sees why, and ends at once', async () => {
  for (const lock of ['lock_organization', 'lock_app', 'lock_instance']) {
    const begun = await ask('POST', '/api/v1/cli_sessions', { body: { name: 'laptop', metadata: { [lock]: 'acme' } } })
    const { id, auth_url, pkce } = begun.body as {
      readonly id: string
      readonly auth_url: string
      readonly pkce: boolean
    }
    // It waits for a code where there is a challenge, and asks every second where there is none.
    expect([begun.status, pkce]).toEqual([201, false])
    // What it prints.
    expect(auth_url).toContain('a-login-cannot-be-limited/unset-FLY_TOKEN_LOCK_ORG')
    const page = await fetch(auth_url)
    expect(page.status).toBe(200)
    expect(await page.text()).toMatch(/a login cannot be limited .* `fly tokens create org`/)
    const answer = await ask('GET', `/api/v1/cli_sessions/${id}`)
    expect([answer.status, answer.body]).toEqual([200, { id, access_token: '' }])
    expect((await ask('GET', path(id), { token: ada.token })).status).toBe(404)
  }
})

describe('a login without a challenge', () => {
  const beginWithout = (to: Ask) => to('POST', '/api/v1/cli_sessions', { body: { name: 'laptop' } })

  test('is distinguished from one that proves who asked', async () => {
    const begun = await beginWithout(ask)
    const { id } = begun.body as { readonly id: string }
    const shown = expectAnswer(routes.showCliLogin, await ask('GET', path(id), { token: ada.token }))
    expect(shown.pkce).toBe(false)
    const other = await begin()
    expect(expectAnswer(routes.showCliLogin, await ask('GET', path(other.id), { token: ada.token })).pkce).toBe(true)
  })

  test('is refused where the operator wants a proof, and the others go on', async () => {
    const strict = await startAuthority({ requirePkce: true })
    try {
      const refused = expectRefusal(await beginWithout(strict.ask), 422)
      expect(refused).toMatchObject({ field: 'code_challenge' })
      expect((await strict.ask('POST', '/v1/cli-logins', { body: startingCliLogin().body })).status).toBe(201)
    } finally {
      await strict.close()
    }
  })
})

describe('a login of a command line', () => {
  test('is shown to a person, approved, and exchanged once for a session with its name', async () => {
    const { id, auth_url, verifier, body } = await begin({ name: 'Ada’s laptop', redirect_port: 4321 })
    expect(auth_url).toBe(`${authority.url()}/cli/${id}`)
    const shown = expectAnswer(routes.showCliLogin, await ask('GET', path(id), { token: ada.token }))
    expect(shown).toMatchObject({ name: 'Ada’s laptop', requested_from: '127.0.0.1', redirect_port: 4321 })
    expect(Date.parse(shown.expires_at) - Date.parse(shown.created_at)).toBe(600_000)
    expect(shown.session_expires_in).toBe(30 * 86_400)

    expectRefusal(await redeem(id, 'abcdefgh', verifier), 409)
    const { code, callback_url } = await approve(id, ada.token)
    expect(callback_url).toBe(`http://127.0.0.1:4321/callback?code=${code}&state=${body.state}`)
    expectRefusal(await ask('POST', path(id, '/approve'), { token: bob.token }), 409)

    const session = expectAnswer(routes.redeemCliLogin, await redeem(id, code, verifier))
    expect(session.user.email).toBe(ada.email)
    const listed = await ask('GET', '/v1/sessions', { token: session.access_token })
    const [newest] = expectAnswer(routes.listSessions, listed).sessions
    expect(newest).toMatchObject({ kind: 'cli', label: 'Ada’s laptop', current: true })
    expectRefusal(await redeem(id, code, verifier), 404)
  })

  test('gives nothing to a person who has the link, or the code, or both, and did not begin it', async () => {
    const { id, verifier } = await begin()
    const { code } = await approve(id, ada.token)
    for (const [given, kept] of [
      [code, startingCliLogin().verifier],
      ['abcdefgh-abcdefgh-abcdefgh-abcdefgh', verifier],
      ['abcdefgh', verifier.slice(0, -1) + '~'],
    ] as const) {
      expectRefusal(await redeem(id, given, kept), 403)
    }
    for (const body of [{}, { code }, { code_verifier: verifier }, { code: null, code_verifier: null }]) {
      expectRefusal(await ask('POST', path(id, '/redeem'), { body }), 400)
    }
    expectRefusal(await redeem('unknown', code, verifier), 404)
    expectRefusal(await redeem(`${id}x`, code, verifier), 404)
    // What was tried has not spoilt it for the one who did.
    expectAnswer(routes.redeemCliLogin, await redeem(id, code?.toUpperCase() ?? '', verifier))
  })

  test('is exchanged once, however many ask at once', async () => {
    const { id, verifier } = await begin()
    const { code } = await approve(id, ada.token)
    const answers = await Promise.all(Array.from({ length: 8 }, () => redeem(id, code, verifier)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 404)).toHaveLength(7)
  })

  test('is over when it is denied, even after it was approved', async () => {
    const { id, verifier } = await begin()
    const { code } = await approve(id, ada.token)
    expect((await ask('POST', path(id, '/deny'), { token: ada.token })).status).toBe(204)
    expectRefusal(await redeem(id, code, verifier), 404)
    expectRefusal(await ask('GET', path(id), { token: ada.token }), 404)
    expectRefusal(await ask('POST', path(id, '/approve'), { token: ada.token }), 404)
    expectRefusal(await ask('POST', path(id, '/deny'), { token: ada.token }), 404)
  })

  test('is over after ten minutes', async () => {
    const waiting = await begin()
    const approved = await begin()
    const { code } = await approve(approved.id, ada.token)
    await authority.restart((database) =>
      database.exec('update cli_logins set created_at = created_at - 600001, expires_at = expires_at - 600001'),
    )
    expectRefusal(await ask('GET', path(waiting.id), { token: ada.token }), 404)
    expectRefusal(await ask('POST', path(waiting.id, '/approve'), { token: ada.token }), 404)
    expectRefusal(await redeem(approved.id, code, approved.verifier), 404)
    await begin()
    expect(count()).toBe(1)
  })

  test('that was approved is over when the person changes the password', async () => {
    const { id, verifier } = await begin()
    const { code } = await approve(id, bob.token)
    const body = { current_password: bob.password, new_password: 'another long password' }
    expect((await ask('PUT', '/v1/users/current/password', { token: bob.token, body })).status).toBe(204)
    expectRefusal(await redeem(id, code, verifier), 404)
    Object.assign(bob, { password: body.new_password })
  })

  test('is written down with who approved it, and in the clear is neither id nor code', async () => {
    const { id, verifier } = await begin({ name: 'the CI of somebody' })
    const { code } = await approve(id, ada.token)
    expectAnswer(routes.redeemCliLogin, await redeem(id, code, verifier))
    const denied = await begin({ name: 'a stranger' })
    await ask('POST', path(denied.id, '/deny'), { token: bob.token })
    const events = authority.inspect((database) =>
      database.prepare(`select operation, actor_label, target from audit_events order by id desc limit 3`).all(),
    )
    expect(events).toEqual([
      {
        operation: 'cli_login.deny',
        actor_label: `${bob.email} (unproven)`,
        target: 'login of a stranger from 127.0.0.1',
      },
      { operation: 'cli_login.redeem', actor_label: ada.email, target: `user ${ada.email}` },
      { operation: 'cli_login.approve', actor_label: ada.email, target: 'login of the CI of somebody from 127.0.0.1' },
    ])
    const open = await begin()
    const { code: secret } = await approve(open.id, ada.token)
    const rows = authority.inspect((database) => database.prepare('select * from cli_logins').all())
    const text = JSON.stringify(rows.map((row) => Object.values(row).map(readable)))
    for (const part of [open.id, secret ?? '', open.verifier]) expect(text).not.toContain(part)
  })

  test('cannot be begun without end', async () => {
    const answers = await Promise.all(
      Array.from({ length: 110 }, () => ask('POST', '/v1/cli-logins', { body: startingCliLogin().body })),
    )
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThanOrEqual(10)
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(count()).toBeLessThanOrEqual(100)
    await authority.restart((database) => database.exec('delete from cli_logins'))
    Object.assign(ada, await signInFounder(ask))
  })
})

function count(): number {
  return Number(authority.inspect((database) => database.prepare('select count(*) as n from cli_logins').get())?.['n'])
}

function readable(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value
}

const missing = reasonWithoutTerminal()

describe.skipIf(missing !== undefined)(`hallpass auth login${missing ? `, skipped: ${missing}` : ''}`, () => {
  let place: Place
  let browser: Visit
  let opened: Terminal[] = []
  beforeAll(async () => {
    place = await arrive()
    browser = await visitAs(ask, founder)
  })
  afterEach(() => {
    for (const terminal of opened) terminal.close()
    opened = []
  })
  afterAll(() => place.leave())

  function logIn(env: Readonly<Record<string, string>> = {}): Terminal {
    const terminal = openTerminal(place, ['auth', 'login', '--api-url', authority.url()], env)
    opened.push(terminal)
    return terminal
  }

  async function idShownBy(terminal: Terminal): Promise<string> {
    const [, id = ''] = await terminal.see(/\/cli\/([\w-]{43})\s/)
    await terminal.see(/Code/)
    return id
  }

  async function approveAs(id: string) {
    return expectAnswer(routes.approveCliLogin, await browser.ask('POST', path(id, '/approve')))
  }

  async function expectLoggedIn(terminal: Terminal): Promise<void> {
    await terminal.see(/Logged in at \S+ as ada@example\.com/)
    expect(await terminal.ended).toBe(0)
    const whoami = await place.run(['auth', 'whoami', '--api-url', authority.url()])
    expect(whoami).toMatchObject({ code: 0, stdout: 'ada@example.com\n' })
  }

  test('ends when the browser brings the code', async () => {
    const terminal = logIn()
    const { callback_url } = await approveAs(await idShownBy(terminal))
    const callback = new URL(callback_url ?? '')
    // Whoever does not know the state brings nothing, and spoils nothing.
    for (const search of ['', '?code=abcdefgh', '?code=abcdefgh&state=x', '?error=access_denied&state=']) {
      expect((await fetch(new URL(`/callback${search}`, callback))).status).toBe(400)
    }
    expect((await fetch(new URL('/', callback))).status).toBe(404)
    const elsewhere = await fetch(callback, { method: 'OPTIONS', headers: { origin: 'https://evil.example' } })
    expect(elsewhere.headers.get('access-control-allow-origin')).toBeNull()
    const arrived = await fetch(callback, { headers: { origin: authority.url() } })
    expect(arrived.status).toBe(200)
    expect(arrived.headers.get('access-control-allow-origin')).toBe(authority.url())
    await expectLoggedIn(terminal)
    expect(terminal.shown()).not.toContain(callback.searchParams.get('code') ?? '')
  })

  test('ends when the code is typed, and asks again after a wrong one', async () => {
    const terminal = logIn()
    const { code } = await approveAs(await idShownBy(terminal))
    terminal.type('abcdefgh-abcdefgh-abcdefgh-abcdefgh')
    await terminal.see(/not the code of this login[\s\S]*Code/)
    terminal.type(code ?? '')
    await expectLoggedIn(terminal)
  })

  test('ends when the page says that it was denied', async () => {
    const terminal = logIn()
    const id = await idShownBy(terminal)
    const { redirect_port, state } = expectAnswer(routes.showCliLogin, await browser.ask('GET', path(id)))
    expect((await browser.ask('POST', path(id, '/deny'))).status).toBe(204)
    await fetch(`http://127.0.0.1:${redirect_port}/callback?error=access_denied&state=${state}`)
    expect(await terminal.ended).toBe(1)
    expect(terminal.shown()).toContain('Error: the login was denied on the page')
  })

  test('opens the page in the browser that there is', async () => {
    const folder = join(place.directory, 'bin')
    await mkdir(folder)
    const record = join(place.directory, 'opened')
    await writeFile(join(folder, 'xdg-open'), `#!/bin/sh\nprintf '%s\\n' "$#" "$1" > ${record}\n`)
    await chmod(join(folder, 'xdg-open'), 0o755)
    const terminal = logIn({ PATH: `${folder}:${process.env['PATH'] ?? ''}`, DISPLAY: ':99' })
    const id = await idShownBy(terminal)
    await expect.poll(() => readFile(record, 'utf8')).toBe(`1\n${authority.url()}/cli/${id}\n`)
    await fetch((await approveAs(id)).callback_url ?? '')
    await expectLoggedIn(terminal)
  })

  test('without a terminal names the flags', async () => {
    for (const args of [[], ['--password-stdin']]) {
      const outcome = await place.run(['auth', 'login', '--api-url', authority.url(), ...args])
      expect(outcome).toMatchObject({ code: 2, stdout: '' })
      expect(outcome.stderr).toMatch(/--email EMAIL .*--password-stdin/)
    }
  })

  test('keeps what it got where only the person reads it', async () => {
    const { access_token } = JSON.parse(await readFile(join(place.directory, 'config/config.json'), 'utf8')) as {
      readonly access_token: string
    }
    expect(await statusOf(ask, access_token)).toBe(200)
  })
})
