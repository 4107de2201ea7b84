// A person's own account: the password, and the logins that are open.
import { describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { visitAs } from './browser.ts'
import { expectAnswer, expectRefusal } from './http.ts'
import { mint, signIn, signUpInto, statusOf } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

const prepared = prepareAuthority()
const { authority, ask, admin } = prepared
const slug = prepareOrganisation(prepared)

const changePassword = (token: string, current_password: string | undefined, new_password = 'a new long password') =>
  ask('PUT', '/v1/users/current/password', { token, body: { current_password, new_password } })

/** The newest audit event of this operation. */
function lastEvent(operation: string): unknown {
  return authority.inspect((database) =>
    database
      .prepare('select outcome, actor_label, target from audit_events where operation = ? order by id desc limit 1')
      .get(operation),
  )
}

describe('the password', () => {
  test('is changed with the old one, and ends every login but the one that changed it', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    const second = await signIn(ask, person)
    const browser = await visitAs(ask, person)
    const { token: minted } = await mint(ask, person.token, slug)
    expect((await changePassword(person.token, person.password)).status).toBe(204)
    expect(lastEvent('user.change_password')).toEqual({
      outcome: 'allowed',
      actor_label: `${person.email} (unproven)`,
      target: 'password',
    })
    expect(await statusOf(ask, person.token)).toBe(200)
    expect(await statusOf(ask, second.token)).toBe(401)
    expectRefusal(await browser.ask('GET', '/v1/orgs'), 401)
    // Tokens belong to organisations.
    expect(await statusOf(ask, minted)).toBe(200)
    expectRefusal(
      await ask('POST', '/v1/sessions', { body: person && { email: person.email, password: person.password } }),
      401,
    )
    await signIn(ask, { email: person.email, password: 'a new long password' })
  })

  test('is changed from the browser too', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    const browser = await visitAs(ask, person)
    const body = { current_password: person.password, new_password: 'a new long password' }
    expect((await browser.ask('PUT', '/v1/users/current/password', { body })).status).toBe(204)
    expect((await browser.ask('GET', '/v1/orgs')).status).toBe(200)
    expect(await statusOf(ask, person.token)).toBe(401)
  })

  test('is not changed by guessing, and a wrong guess does not log anybody out', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    for (const guess of ['wrong', undefined, 'a new long password']) {
      const refused = expectRefusal(await changePassword(person.token, guess), 403)
      expect(refused).toMatchObject({ message: 'the current password is wrong', field: 'current_password' })
    }
    expect(lastEvent('user.change_password')).toMatchObject({
      outcome: 'denied',
      actor_label: `${person.email} (unproven)`,
    })
    // Two of them were wrong passwords, and one was none.
    const answers = await Promise.all(Array.from({ length: 20 }, () => changePassword(person.token, 'wrong')))
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(8)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(12)
    expectRefusal(await changePassword(person.token, person.password), 429)
    expect(await statusOf(ask, person.token)).toBe(200)
    await signIn(ask, person)
  })

  test('is long enough, and of two changes at the same moment one counts', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    expectRefusal(await changePassword(person.token, person.password, 'short'), 400)
    const second = await signIn(ask, person)
    const answers = await Promise.all([
      changePassword(person.token, person.password, 'the first new password'),
      changePassword(second.token, person.password, 'the second new password'),
    ])
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 204)).toHaveLength(1)
    // The other one was logged out by the first, or came too late.
    expect(statuses.filter((status) => status === 401 || status === 409)).toHaveLength(1)
  })

  test('is known to be there', async () => {
    const answer = await ask('GET', '/v1/users/current', { token: admin.token })
    expect(expectAnswer(routes.showCurrentUser, answer).has_password).toBe(true)
    const methods = await ask('GET', '/v1/login-methods')
    expect(expectAnswer(routes.showLoginMethods, methods)).toMatchObject({ setup_needed: false })
  })
})

describe('logins', () => {
  async function list(token: string) {
    return expectAnswer(routes.listSessions, await ask('GET', '/v1/sessions', { token })).sessions
  }

  test('are listed with where they were opened, and ended one by one', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
    const { email, password } = person
    const body = { email, password }
    const web = await ask('POST', '/web/session', {
      body,
      headers: { 'sec-fetch-site': 'same-origin', 'user-agent': userAgent },
    })
    expect(web.status).toBe(201)
    const strange = { 'user-agent': `\u00e9vil<script>${'x'.repeat(200)}` }
    const cli = expectAnswer(routes.signIn, await ask('POST', '/v1/sessions', { body, headers: strange }))

    const sessions = await list(person.token)
    expect(sessions.map(({ kind, label, current }) => ({ kind, label, current }))).toEqual([
      { kind: 'cli', label: `\u00e9vil<script>${'x'.repeat(80 - 12)}`, current: false },
      { kind: 'web', label: 'Firefox on Linux', current: false },
      { kind: 'cli', label: expect.stringMatching(/^node/) as string, current: true },
    ])
    const [newest, middle] = sessions
    expect((await ask('DELETE', `/v1/sessions/${newest?.id}`, { token: person.token })).status).toBe(204)
    expect(await statusOf(ask, cli.access_token)).toBe(401)
    expect(lastEvent('session.delete')).toEqual({
      outcome: 'allowed',
      actor_label: `${person.email} (unproven)`,
      target: `session ${newest?.id}`,
    })
    expect((await list(person.token)).map(({ id }) => id)).toEqual([middle?.id, sessions[2]?.id])
    expectRefusal(await ask('DELETE', `/v1/sessions/${newest?.id}`, { token: person.token }), 404)
  })

  test('of somebody else are neither listed nor ended', async () => {
    const victim = await signUpInto(ask, admin.token, slug)
    const [{ id } = { id: 0 }] = await list(victim.token)
    const listed = await list(admin.token)
    expect(listed.some((session) => session.id === id)).toBe(false)
    for (const session_id of [id, 0, '-1', '1e3', '0x1', '9'.repeat(16), 'currently', '999999999999']) {
      expectRefusal(await ask('DELETE', `/v1/sessions/${session_id}`, { token: admin.token }), 404)
    }
    expect(await statusOf(ask, victim.token)).toBe(200)
  })
})
