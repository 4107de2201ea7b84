// Passkeys, with an authenticator in software: adding, logging in, and all that must not be good for either.
import { describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { createAuthenticator } from '../packages/authority/src/identity/testing/authenticator.ts'
import { founder, startAuthority } from './authority.ts'
import { ownPage, readSetCookie } from './browser.ts'
import { startingCliLogin } from './cli-login.ts'
import { expectAnswer, expectRefusal } from './http.ts'
import { addPasskey, answerChallenge, logInWith, makePasskey } from './passkeys.ts'
import { signIn, signUpInto, statusOf, type Person } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

const origin = 'http://localhost:4280'

const prepared = prepareAuthority({ publicUrl: origin })
const { authority, ask, admin } = prepared
const slug = prepareOrganisation(prepared)

const somebody = () => signUpInto(ask, admin.token, slug)
const add = (token: string, body: unknown) => ask('POST', '/v1/passkeys', { token, body })
const remove = (token: string, id: number | string) => ask('DELETE', `/v1/passkeys/${id}`, { token })
async function listOf({ token }: Person) {
  return expectAnswer(routes.listPasskeys, await ask('GET', '/v1/passkeys', { token })).passkeys
}

describe('a passkey', () => {
  test('is added, listed, used and deleted, and stands in the audit trail', async () => {
    const person = await somebody()
    const { id, authenticator } = await addPasskey(ask, origin, person.token)
    expect(await listOf(person)).toMatchObject([{ id, name: 'laptop', last_used_at: null }])

    const session = expectAnswer(routes.signInWithPasskey, await logInWith(ask, authenticator))
    expect(session.user.email).toBe(person.email)
    expect(await statusOf(ask, session.access_token)).toBe(200)
    expect((await listOf(person))[0]?.last_used_at).not.toBeNull()

    expect((await remove(person.token, id)).status).toBe(204)
    expect(await listOf(person)).toEqual([])
    expectRefusal(await logInWith(ask, authenticator), 401)
    // Who is in stays in: a way in is gone, not those who came through it.
    expect(await statusOf(ask, session.access_token)).toBe(200)

    const trail = authority.inspect((database) =>
      database
        .prepare('select operation, target from audit_events where actor_label = ? order by id')
        .all(`${person.email} (unproven)`)
        .map((row) => `${String(row['operation'])}: ${String(row['target'])}`),
    )
    expect(trail).toEqual([
      'membership.accept: membership as member',
      `user.sign_up: user ${person.email} (unproven)`,
      'passkey.begin: passkey',
      'passkey.create: passkey laptop',
      `user.sign_in_with_passkey: user ${person.email} (unproven)`,
      'passkey.delete: passkey laptop',
    ])
  })

  test('logs a browser in with a cookie, for pages of our own alone', async () => {
    const person = await somebody()
    const { authenticator } = await addPasskey(ask, origin, person.token)
    const body = await answerChallenge(ask, authenticator)
    const host = { host: 'localhost:4280' }
    expectRefusal(await ask('POST', '/web/session/passkey', { body, headers: { 'sec-fetch-site': 'cross-site' } }), 403)
    const answer = await ask('POST', '/web/session/passkey', { body, headers: { ...ownPage, ...host } })
    expect(answer.status, answer.text).toBe(201)
    expect(answer.body).toMatchObject({ user: { email: person.email } })
    const [cookie] = answer.headers.getSetCookie().map(readSetCookie)
    expect(await statusOf(ask, cookie?.value ?? '')).toBe(200)
  })

  test('is made for the one who asked, with what the authenticator knows already left out', async () => {
    const person = await somebody()
    const { authenticator } = await addPasskey(ask, origin, person.token)
    const { options } = expectAnswer(
      routes.beginPasskey,
      await ask('POST', '/v1/passkeys/options', { token: person.token }),
    )
    expect(options).toMatchObject({
      rp: { id: 'localhost', name: 'Hallpass' },
      user: { name: person.email },
      attestation: 'none',
      excludeCredentials: [{ id: authenticator.credentialId, type: 'public-key', transports: ['internal', 'hybrid'] }],
      authenticatorSelection: { residentKey: 'required', userVerification: 'preferred' },
    })
    // A challenge that is short or comes twice is none.
    const { options: next } = expectAnswer(
      routes.beginPasskey,
      await ask('POST', '/v1/passkeys/options', { token: person.token }),
    )
    expect(String(next['challenge'])).toMatch(/^[\w-]{43}$/)
    expect(next['challenge']).not.toBe(options['challenge'])
    expect(JSON.stringify(options)).not.toContain(person.password)
  })

  test('belongs to one person', async () => {
    const [one, other] = [await somebody(), await somebody()]
    const { id, authenticator } = await addPasskey(ask, origin, one.token)
    expectRefusal(await remove(other.token, id), 404)
    for (const odd of ['x', '-1', `${id}.0`, `0${id}`, '9'.repeat(30)]) expectRefusal(await remove(one.token, odd), 404)
    const begun = expectAnswer(routes.beginPasskey, await ask('POST', '/v1/passkeys/options', { token: other.token }))
    const body = { challenge_id: begun.challenge_id, name: 'theirs', response: authenticator.create(begun.options) }
    expectRefusal(await add(other.token, body), 409)
    expect(await listOf(other)).toEqual([])
  })

  test('is one of at most twenty', async () => {
    const person = await somebody()
    for (let count = 0; count < 20; count += 1) await addPasskey(ask, origin, person.token)
    expectRefusal(await ask('POST', '/v1/passkeys/options', { token: person.token }), 409)
    expect(await listOf(person)).toHaveLength(20)
  })

  test('that is the only way in stays', async () => {
    const person = await somebody()
    const { id } = await addPasskey(ask, origin, person.token)
    const { id: second } = await addPasskey(ask, origin, person.token)
    await authority.restart((database) => {
      database.prepare(`update users set password_hash = '' where email = ?`).run(person.email)
    })
    expect((await remove(person.token, second)).status).toBe(204)
    expect(expectRefusal(await remove(person.token, id), 409).message).toContain('only way in')
    expect(await listOf(person)).toHaveLength(1)
    expectRefusal(await ask('POST', '/v1/sessions', { body: { email: person.email, password: 'anything' } }), 401)
    const password = 'a password after all'
    const answer = await ask('PUT', '/v1/users/current/password', {
      token: person.token,
      body: { new_password: password },
    })
    expect(answer.status, answer.text).toBe(204)
    expect((await remove(person.token, id)).status).toBe(204)
    await signIn(ask, { email: person.email, password })
  })
})

describe('a challenge', () => {
  test('is answered once', async () => {
    const person = await somebody()
    const { body, authenticator } = await makePasskey(ask, origin, person.token)
    expect((await add(person.token, body)).status).toBe(201)
    expect(expectRefusal(await add(person.token, body), 403).field).toBe('challenge_id')
    const login = await answerChallenge(ask, authenticator)
    const answers = await Promise.all([0, 1, 2].map(() => ask('POST', '/v1/sessions/passkey', { body: login })))
    expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([201, 403, 403])
  })

  test('of one person, or of a login, is none of another', async () => {
    const [one, other] = [await somebody(), await somebody()]
    const { body } = await makePasskey(ask, origin, one.token)
    expectRefusal(await add(other.token, body), 403)
    const login = await ask('POST', '/v1/sessions/passkey-options')
    const { challenge_id, options } = expectAnswer(routes.beginPasskeySignIn, login)
    const response = createAuthenticator(origin).create({ ...options, rp: { id: 'localhost' } })
    expectRefusal(await add(one.token, { challenge_id, name: 'laptop', response }), 403)
    // The other way around: what was given for adding one does not log in.
    const { authenticator } = await addPasskey(ask, origin, one.token)
    const adding = expectAnswer(routes.beginPasskey, await ask('POST', '/v1/passkeys/options', { token: one.token }))
    const used = { challenge_id: adding.challenge_id, response: authenticator.get(adding.options) }
    expectRefusal(await ask('POST', '/v1/sessions/passkey', { body: used }), 403)
  })

  test('is not swapped for another one', async () => {
    const person = await somebody()
    const { authenticator } = await addPasskey(ask, origin, person.token)
    const [first, second] = [await answerChallenge(ask, authenticator), await answerChallenge(ask, authenticator)]
    const body = { challenge_id: first.challenge_id, response: second.response }
    expectRefusal(await ask('POST', '/v1/sessions/passkey', { body }), 403)
    const invented = { challenge_id: Buffer.alloc(16, 1).toString('base64url'), response: first.response }
    expectRefusal(await ask('POST', '/v1/sessions/passkey', { body: invented }), 403)
  })

  test('ends after five minutes, and is stored as a hash', async () => {
    const person = await somebody()
    const { authenticator } = await addPasskey(ask, origin, person.token)
    const login = await answerChallenge(ask, authenticator)
    const row = authority.inspect((database) =>
      database.prepare('select expires_at, challenge_hash from passkey_challenges order by id desc limit 1').get(),
    )
    const left = Number(row?.['expires_at']) - Date.now()
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(300_000)
    expect(row?.['challenge_hash']).toHaveLength(32)
    await authority.restart((database) => {
      database.prepare('update passkey_challenges set expires_at = ?').run(Date.now() - 1)
    })
    expectRefusal(await ask('POST', '/v1/sessions/passkey', { body: login }), 403)
  })

  test('can be asked for so often from one address, and no more', async () => {
    const quiet = await startAuthority({ publicUrl: origin })
    try {
      const statuses: number[] = []
      for (let count = 0; count < 125; count += 1) {
        statuses.push((await quiet.ask('POST', '/v1/sessions/passkey-options')).status)
      }
      expect(statuses.indexOf(429)).toBe(120)
    } finally {
      await quiet.close()
    }
  })
})

describe('nobody gets in', () => {
  test.each([
    ['from a page of another origin', { origin: 'https://evil.example' }],
    ['for another relying party', { rpId: 'evil.example' }],
    ['in a frame of another page', { crossOrigin: true }],
    ['with a count that stands still', { counter: 0 }],
    ['as another person', { userHandle: Buffer.alloc(32).toString('base64url') }],
  ])('%s', async (_, lie) => {
    const person = await somebody()
    const { authenticator } = await addPasskey(ask, origin, person.token)
    expectAnswer(routes.signInWithPasskey, await logInWith(ask, authenticator))
    expectRefusal(await logInWith(ask, authenticator, lie), 401)
    expectAnswer(routes.signInWithPasskey, await logInWith(ask, authenticator))
  })

  test('with a copy whose count is behind', async () => {
    const person = await somebody()
    const { authenticator } = await addPasskey(ask, origin, person.token)
    expectAnswer(routes.signInWithPasskey, await logInWith(ask, authenticator, { counter: 10 }))
    expectRefusal(await logInWith(ask, authenticator, { counter: 10 }), 401)
    expectRefusal(await logInWith(ask, authenticator, { counter: 9 }), 401)
    expectAnswer(routes.signInWithPasskey, await logInWith(ask, authenticator, { counter: 11 }))
  })

  test('with a passkey that nobody has added', async () => {
    expectRefusal(await logInWith(ask, createAuthenticator(origin)), 401)
  })

  test('by adding one that was made for another page', async () => {
    const person = await somebody()
    const { body } = await makePasskey(ask, origin, person.token, { origin: 'https://evil.example' })
    expect(expectRefusal(await add(person.token, body), 422).field).toBe('response')
    expect(await listOf(person)).toEqual([])
  })
})

describe('a session whose person proved a while ago who they are', () => {
  /** As if it had been opened eleven minutes ago. */
  const age = () => authority.restart((database) => database.exec('update sessions set proven_at = proven_at - 660000'))

  test('adds no passkey and takes none away, and a new login does', async () => {
    const person = await somebody()
    const { id } = await addPasskey(ask, origin, person.token)
    const { body } = await makePasskey(ask, origin, person.token)
    await age()
    const answers = [
      await ask('POST', '/v1/passkeys/options', { token: person.token }),
      await add(person.token, body),
      await remove(person.token, id),
    ]
    for (const answer of answers) expect(expectRefusal(answer, 403).code).toBe('proof_needed')
    expect(await listOf(person)).toHaveLength(1)
    const trail = authority.inspect((database) =>
      database
        .prepare(`select operation from audit_events where outcome = 'denied' and actor_label = ?`)
        .all(`${person.email} (unproven)`),
    )
    expect(trail.map(({ operation }) => operation)).toEqual(['passkey.begin', 'passkey.create', 'passkey.delete'])
    const fresh = await signIn(ask, person)
    await addPasskey(ask, origin, fresh.token)
    expect((await remove(fresh.token, id)).status).toBe(204)
  })

  test('makes no fresh one of itself by letting a command line in', async () => {
    const person = await somebody()
    const { verifier, body } = startingCliLogin()
    const { id } = expectAnswer(routes.createCliLogin, await ask('POST', '/v1/cli-logins', { body }))
    const approved = await ask('POST', `/v1/cli-logins/${id}/approve`, { token: person.token })
    const { code } = expectAnswer(routes.approveCliLogin, approved)
    const redeemed = await ask('POST', `/v1/cli-logins/${id}/redeem`, { body: { code, code_verifier: verifier } })
    const { access_token: token } = expectAnswer(routes.redeemCliLogin, redeemed)
    expect(await statusOf(ask, token)).toBe(200)
    expect(expectRefusal(await ask('POST', '/v1/passkeys/options', { token }), 403).code).toBe('proof_needed')
  })

  test('lets no command line in', async () => {
    const person = await somebody()
    const { verifier, body } = startingCliLogin()
    const { id } = expectAnswer(routes.createCliLogin, await ask('POST', '/v1/cli-logins', { body }))
    await age()
    const approve = (token: string) => ask('POST', `/v1/cli-logins/${id}/approve`, { token })
    expect(expectRefusal(await approve(person.token), 403).code).toBe('proof_needed')
    const early = { code: 'AAAA-BBBB-CCCC', code_verifier: verifier }
    expect((await ask('POST', `/v1/cli-logins/${id}/redeem`, { body: early })).status).not.toBe(201)
    expectAnswer(routes.approveCliLogin, await approve((await signIn(ask, person)).token))
  })

  test('sets no password where there was none', async () => {
    const person = await somebody()
    await authority.restart((database) => {
      database.prepare(`update users set password_hash = '' where email = ?`).run(person.email)
      database.exec('update sessions set proven_at = 0')
    })
    const setPassword = (token: string) =>
      ask('PUT', '/v1/users/current/password', { token, body: { new_password: 'planted by a thief' } })
    expect(expectRefusal(await setPassword(person.token), 403).code).toBe('proof_needed')
    expectRefusal(
      await ask('POST', '/v1/sessions', { body: { email: person.email, password: 'planted by a thief' } }),
      401,
    )
  })
})

test('a new password ends the passkeys that are named, and no others', async () => {
  const person = await somebody()
  const [kept, ended] = [await addPasskey(ask, origin, person.token), await addPasskey(ask, origin, person.token)]
  const stranger = await somebody()
  const foreign = await addPasskey(ask, origin, stranger.token)
  const body = {
    current_password: person.password,
    new_password: 'a new long password',
    end_passkeys: [ended.id, foreign.id],
  }
  expect((await ask('PUT', '/v1/users/current/password', { token: person.token, body })).status).toBe(204)
  expect((await listOf(person)).map(({ id }) => id)).toEqual([kept.id])
  expect((await listOf(stranger)).map(({ id }) => id)).toEqual([foreign.id])
  expectRefusal(await logInWith(ask, ended.authenticator), 401)
  expect((await logInWith(ask, kept.authenticator)).status).toBe(201)
})

describe('where the public URL is no name', () => {
  test('pages learn that there are no passkeys, and requests for one get the same answer', async () => {
    const plain = await startAuthority()
    try {
      const { token } = await signIn(plain.ask, founder)
      const methods = await plain.ask('GET', '/v1/login-methods')
      expect(expectAnswer(routes.showLoginMethods, methods).passkeys).toBe(false)
      expectRefusal(await plain.ask('POST', '/v1/passkeys/options', { token }), 409)
      expectRefusal(await plain.ask('POST', '/v1/sessions/passkey-options'), 409)
    } finally {
      await plain.close()
    }
    const methods = await ask('GET', '/v1/login-methods')
    expect(expectAnswer(routes.showLoginMethods, methods).passkeys).toBe(true)
  })
})
