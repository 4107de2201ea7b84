// Logging in: what guessing costs, what a session is, and what an answer gives away.
import { describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'
import { formatAuthorization } from '@hallpass/macaroon'

import { expectAnswer, expectRefusal, type Answer } from './http.ts'
import { readMacaroon } from './macaroons.ts'
import { createOrganisation, mint, signIn, signInFounder, signUpInto, statusOf, unique } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

const prepared = prepareAuthority({ trustedProxies: ['127.0.0.1'] })
const { authority, ask, admin } = prepared
const slug = prepareOrganisation(prepared)

const guess = (email: string, password = 'wrong') => ask('POST', '/v1/sessions', { body: { email, password } })

/** How many of these answers have each status. */
function tally(answers: readonly Answer[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

describe('guessing', () => {
  test('ten wrong passwords, then a wait; for others nothing changes', async () => {
    const victim = await signUpInto(ask, admin.token, slug)
    for (let count = 0; count < 10; count += 1) expectRefusal(await guess(victim.email), 401)
    for (const password of ['wrong', victim.password]) {
      const answer = await guess(victim.email, password)
      expect(expectRefusal(answer, 429).code).toBe('rate_limited')
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
      expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(60)
    }
    await signInFounder(ask)
    // Nor does it end the sessions that are open.
    expect(await statusOf(ask, victim.token)).toBe(200)
  })

  test('an address that nobody has is limited too, or the limit would show who has one', async () => {
    const email = `${unique('nobody')}@example.com`
    for (let count = 0; count < 10; count += 1) expectRefusal(await guess(email), 401)
    expectRefusal(await guess(email), 429)
  })

  test('capitals are not a way around', async () => {
    const victim = await signUpInto(ask, admin.token, slug)
    for (let count = 0; count < 10; count += 1) {
      expectRefusal(await guess(count % 2 === 0 ? victim.email : victim.email.toUpperCase()), 401)
    }
    expectRefusal(await guess(victim.email), 429)
  })

  test('asking all at once is not a way around', async () => {
    const victim = await signUpInto(ask, admin.token, slug)
    const answers = await Promise.all(Array.from({ length: 40 }, () => guess(victim.email)))
    expect(tally(answers)).toEqual({ 401: 10, 429: 30 })
  })

  test('right passwords cost nothing', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    for (let count = 0; count < 12; count += 1) await signIn(ask, person)
    const atOnce = await Promise.all(Array.from({ length: 20 }, () => guess(person.email, person.password)))
    expect(tally(atOnce)).toEqual({ 201: 20 })
  })

  test('a crowd at one address keeps nobody out who comes from another', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    const from = (address: string, email: string, password: string) =>
      ask('POST', '/v1/sessions', { headers: { 'x-forwarded-for': address }, body: { email, password } })
    const crowd = Array.from({ length: 400 }, () => from('192.0.2.66', `${unique('crowd')}@example.com`, 'wrong'))
    const answers: Answer[] = []
    for (let count = 0; count < 12; count += 1) {
      answers.push(await from(`198.51.100.${count}`, person.email, person.password))
    }
    expect(tally(answers)).toEqual({ 201: 12 })
    const counts = tally(await Promise.all(crowd))
    expect(counts[201]).toBeUndefined()
    expect(counts[401]).toBeLessThanOrEqual(101)
    // What the queue refused was no failure; what was tried was: from there, a hundred a minute.
    while ((await from('192.0.2.66', `${unique('crowd')}@example.com`, 'wrong')).status === 401);
    const refused = await from('192.0.2.66', `${unique('crowd')}@example.com`, 'wrong')
    expect(expectRefusal(refused, 429).message).toContain('too many failed logins')
  })

  test('who has come in from an address before is not kept out by others there', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    const from = (email: string, password: string) =>
      ask('POST', '/v1/sessions', { headers: { 'x-forwarded-for': '192.0.2.77' }, body: { email, password } })
    expect((await from(person.email, person.password)).status).toBe(201)
    while ((await from(`${unique('crowd')}@example.com`, 'wrong')).status === 401);
    expect((await from(person.email, person.password)).status).toBe(201)
  })

  test('a wrong password and an unknown address get the same words', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    const known = expectRefusal(await guess(person.email), 401)
    const unknown = expectRefusal(await guess(`${unique('x')}@example.com`), 401)
    expect({ ...known, request_id: '' }).toEqual({ ...unknown, request_id: '' })
  })
})

describe('sessions', () => {
  test('logging out ends one session and no other', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    const second = await signIn(ask, person)
    expect((await ask('DELETE', '/v1/sessions/current', { token: second.token })).status).toBe(204)
    expectRefusal(await ask('GET', '/v1/users/current', { token: second.token }), 401)
    expectAnswer(routes.showCurrentUser, await ask('GET', '/v1/users/current', { token: person.token }))
  })

  test('beside an org token in one header, the person is still found, and is the one who logs out', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    const { token } = await mint(ask, admin.token, slug)
    const both = formatAuthorization([readMacaroon(token).bytes], [person.token])
    const shown = expectAnswer(routes.showCurrentUser, await ask('GET', '/v1/users/current', { token: both }))
    expect(shown.email).toBe(person.email)
    const current = expectAnswer(routes.showCurrentTokens, await ask('GET', '/v1/tokens/current', { token: both }))
    expect(current.tokens).toHaveLength(1)
    await createOrganisation(ask, both)
    expect((await ask('DELETE', '/v1/sessions/current', { token: both })).status).toBe(204)
    expect(await statusOf(ask, token)).toBe(200)
    expectRefusal(await ask('GET', '/v1/users/current', { token: both }), 403)
  })

  test('auth tokens are kept as hashes, passwords as argon2id, codes and org tokens not at all', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    const { code } = expectAnswer(
      routes.inviteMember,
      await ask('POST', `/v1/orgs/${slug}/invitations`, { token: admin.token, body: { email: 'kept@example.com' } }),
    )
    const minted = expectAnswer(
      routes.createToken,
      await ask('POST', `/v1/orgs/${slug}/tokens`, { token: person.token, body: {} }),
    )
    const dump = authority.inspect((database) =>
      database
        .prepare(`select name from sqlite_schema where type = 'table'`)
        .all()
        .flatMap(({ name }) => database.prepare(`select * from ${String(name)}`).all())
        .flatMap((row) => Object.values(row))
        .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value)))
        .join('\n'),
    )
    expect(dump).toContain('$argon2id$')
    for (const secret of [person.token, person.password, code, minted.token, minted.token.slice(10, 90)]) {
      expect(dump).not.toContain(secret)
      expect(dump).not.toContain(Buffer.from(secret.replace(/^fo1_/, ''), 'base64url').toString('latin1'))
    }
  })
})
