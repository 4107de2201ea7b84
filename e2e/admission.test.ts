// How people come in: invitations, and the code that lets the first person in.
import { rm } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { serve } from '../packages/authority/src/main.ts'
import { createDirectory, optionsFor, withDatabase } from './authority.ts'
import { createAsk, expectAnswer, expectRefusal, type Answer } from './http.ts'
import { createOrganisation, invite, memberPath, rolesIn, signIn, signUpInto, unique } from './people.ts'
import { prepareAuthority, prepareOrganisation, preparePerson } from './prepare.ts'

const prepared = prepareAuthority()
const { authority, ask, admin } = prepared
const slug = prepareOrganisation(prepared)
const member = preparePerson(prepared, slug)

const remove = (token: string, organisation: string, email: string) =>
  ask('DELETE', memberPath(organisation, email), { token })
const accept = (token: string, invitation: string) =>
  ask('POST', '/v1/invitations/accept', { token, body: { invitation } })

/** From the least to the greatest. */
function statusesOf(answers: readonly Answer[]): readonly number[] {
  return answers.map(({ status }) => status).sort((a, b) => a - b)
}

describe('invitations', () => {
  test('one is good for one address', async () => {
    const code = await invite(ask, admin.token, slug, { email: 'intended@example.com' })
    const { slug: outside } = await createOrganisation(ask, admin.token)
    const other = await signUpInto(ask, admin.token, outside)
    expectRefusal(await accept(other.token, code), 403)
    const body = { email: 'another@example.com', password: 'a long enough password', invitation: code }
    expectRefusal(await ask('POST', '/v1/users', { body }), 403)
  })

  test('one is good for one time, also when it is used twice at once', async () => {
    const email = `${unique('once')}@example.com`
    const invitation = await invite(ask, admin.token, slug, { email })
    const signUp = () => ask('POST', '/v1/users', { body: { email, password: 'a long enough password', invitation } })
    const statuses = statusesOf(await Promise.all([signUp(), signUp(), signUp()]))
    expect(statuses[0]).toBe(201)
    for (const status of statuses.slice(1)) expect([403, 409]).toContain(status)
    const { token } = await signIn(ask, { email, password: 'a long enough password' })
    await remove(admin.token, slug, email)
    expectRefusal(await accept(token, invitation), 403)
    expectRefusal(await ask('GET', `/v1/orgs/${slug}`, { token }), 403)
  })

  test('one gives the role that it was made with, and none to who is a member already', async () => {
    const { slug: fresh } = await createOrganisation(ask, admin.token)
    const code = await invite(ask, admin.token, fresh, { email: member.email, role: 'member' })
    expect(expectAnswer(routes.acceptInvitation, await accept(member.token, code)).role).toBe('member')
    expect((await rolesIn(ask, admin.token, fresh))[member.email]).toBe('member')
    expectRefusal(
      await ask('POST', `/v1/orgs/${fresh}/invitations`, { token: admin.token, body: { email: member.email } }),
      409,
    )
  })

  test('one is dead once it has ended, and once its organisation is gone', async () => {
    const { slug: doomed } = await createOrganisation(ask, admin.token)
    const orphaned = await invite(ask, admin.token, doomed, { email: member.email })
    expect((await ask('DELETE', `/v1/orgs/${doomed}`, { token: admin.token })).status).toBe(204)
    expectRefusal(await accept(member.token, orphaned), 403)
    const { slug: later } = await createOrganisation(ask, admin.token)
    const ended = await invite(ask, admin.token, later, { email: member.email })
    await authority.restart((database) => {
      database.prepare('update invitations set expires_at = ? where accepted_at is null').run(Date.now() - 1)
    })
    expect(expectRefusal(await accept(member.token, ended), 403).message).toMatch(/ended/)
  })

  test('an account takes a code, and one of them', async () => {
    const body = { email: 'walk-in@example.com', password: 'a long enough password' }
    const code = 'abcdefgh-abcdefgh-abcdefgh-abcdefgh'
    expectRefusal(await ask('POST', '/v1/users', { body }), 400)
    expectRefusal(await ask('POST', '/v1/users', { body: { ...body, setup_code: code, invitation: code } }), 400)
    expectRefusal(await ask('POST', '/v1/users', { body: { ...body, setup_code: code } }), 403)
    expectRefusal(await ask('POST', '/v1/users', { body: { ...body, invitation: code } }), 403)
  })
})

describe('the setup code', () => {
  const account = (code: string, local = 'first') => ({
    email: `${local}@example.com`,
    password: 'a long enough password',
    setup_code: code,
  })

  async function withEmptyAuthority(
    work: (code: string, signUp: (body: object) => Promise<Answer>, directory: string) => Promise<void>,
  ) {
    const directory = await createDirectory()
    const { bootstrap: _, ...options } = optionsFor(directory)
    const running = await serve(options)
    try {
      const code = running.setupCode?.reveal() ?? ''
      expect(code).toMatch(/^[a-z2-9]{8}(?:-[a-z2-9]{8}){3}$/)
      await work(code, (body) => createAsk(() => running.url)('POST', '/v1/users', { body }), directory)
    } finally {
      await running.close()
      await rm(directory, { recursive: true, force: true })
    }
  }

  test('makes one account, however many ask at once', () =>
    withEmptyAuthority(async (code, signUp, directory) => {
      expectRefusal(await signUp(account('abcdefgh-abcdefgh-abcdefgh-abcdefgh')), 403)
      const answers = await Promise.all(['a', 'b', 'c', 'd'].map((local) => signUp(account(code, local))))
      expect(statusesOf(answers)).toEqual([201, 403, 403, 403])
      expectRefusal(await signUp(account(code, 'later')), 403)
      const users = withDatabase(directory, (database) => database.prepare('select count(*) as n from users').get())
      expect(users?.['n']).toBe(1)
    }))

  test('may be typed in capitals, and is dead after an hour', () =>
    withEmptyAuthority(async (code, signUp, directory) => {
      withDatabase(directory, (database) => database.exec(`update setup_code set expires_at = expires_at - 3600000`))
      expect(expectRefusal(await signUp(account(code)), 403).message).toMatch(/hour/)
      withDatabase(directory, (database) => database.exec(`update setup_code set expires_at = expires_at + 60000`))
      expectAnswer(routes.signUp, await signUp(account(` ${code.toUpperCase()} `)))
    }))
})
