// Who belongs: what members may do, the last admin, and personal organisations.
import { describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { expectAnswer, expectRefusal } from './http.ts'
import { createApp, createOrganisation, memberPath, mint, rolesIn, signIn, signUpInto, unique } from './people.ts'
import { prepareAuthority, prepareOrganisation, preparePerson } from './prepare.ts'

const prepared = prepareAuthority()
const { authority, ask, admin } = prepared
const slug = prepareOrganisation(prepared)
const member = preparePerson(prepared, slug)

const setRole = (token: string, organisation: string, email: string, role: string) =>
  ask('PATCH', memberPath(organisation, email), { token, body: { role } })
const remove = (token: string, organisation: string, email: string) =>
  ask('DELETE', memberPath(organisation, email), { token })

describe('members', () => {
  test('a member invites, removes, promotes and deletes nobody and nothing, themselves included', async () => {
    const before = await rolesIn(ask, admin.token, slug)
    expectRefusal(
      await ask('POST', `/v1/orgs/${slug}/invitations`, { token: member.token, body: { email: 'x@y.example' } }),
      403,
    )
    expectRefusal(await remove(member.token, slug, admin.email), 403)
    expectRefusal(await setRole(member.token, slug, admin.email, 'member'), 403)
    expectRefusal(await setRole(member.token, slug, member.email, 'admin'), 403)
    expectRefusal(await ask('DELETE', `/v1/orgs/${slug}`, { token: member.token }), 403)
    expect(await rolesIn(ask, admin.token, slug)).toEqual(before)
  })

  test('people who may not change members do not learn who is one', async () => {
    const known = expectRefusal(await remove(member.token, slug, admin.email), 403)
    const unknown = expectRefusal(await remove(member.token, slug, 'nobody@example.com'), 403)
    expect(unknown.message).toBe(known.message)
    expectRefusal(await remove(admin.token, slug, 'nobody@example.com'), 404)
  })

  test('a token of an admin is not an admin', async () => {
    const { token } = await mint(ask, admin.token, slug)
    expectRefusal(await ask('POST', `/v1/orgs/${slug}/invitations`, { token, body: { email: 'x@y.example' } }), 403)
    expectRefusal(await remove(token, slug, member.email), 403)
    expectRefusal(await setRole(token, slug, member.email, 'admin'), 403)
    expectRefusal(await ask('DELETE', `/v1/orgs/${slug}`, { token }), 403)
  })

  test('a change of role counts from the next request on', async () => {
    const person = await signUpInto(ask, admin.token, slug)
    const list = () =>
      ask('POST', `/v1/orgs/${slug}/invitations`, { token: person.token, body: { email: `${unique('p')}@x.example` } })
    expectRefusal(await list(), 403)
    expectAnswer(routes.changeRole, await setRole(admin.token, slug, person.email, 'admin'))
    expectAnswer(routes.inviteMember, await list())
    expectAnswer(routes.changeRole, await setRole(admin.token, slug, person.email, 'member'))
    expectRefusal(await list(), 403)
    expect((await remove(admin.token, slug, person.email)).status).toBe(204)
    expectRefusal(await ask('GET', `/v1/orgs/${slug}`, { token: person.token }), 403)
  })

  test('the last admin neither leaves nor steps down, even when two do at once', async () => {
    const { slug: pair } = await createOrganisation(ask, admin.token)
    expectRefusal(await remove(admin.token, pair, admin.email), 409)
    expectRefusal(await setRole(admin.token, pair, admin.email, 'member'), 409)
    const second = await signUpInto(ask, admin.token, pair, { role: 'admin' })
    const answers = await Promise.all([
      remove(admin.token, pair, admin.email),
      remove(second.token, pair, second.email),
      setRole(admin.token, pair, second.email, 'member'),
      setRole(second.token, pair, admin.email, 'member'),
    ])
    expect(answers.filter(({ status }) => status < 300).length).toBeGreaterThanOrEqual(1)
    const admins = authority.inspect((database) =>
      database
        .prepare(
          `select count(*) as n from memberships join organisations on organisations.id = organisation_id
           where slug = ? and role = 'admin'`,
        )
        .get(pair),
    )
    expect(admins?.['n']).toBe(1)
  })

  test.each(["o'brien", 'under_score', 'plus+tag', 'dotted.name', "'quoted'x"])(
    'an address like %s can join, change its role and be removed again',
    async (local) => {
      const person = await signUpInto(ask, admin.token, slug, { name: `${unique('a').replace('-', '')}${local}` })
      expectAnswer(routes.changeRole, await setRole(admin.token, slug, person.email, 'admin'))
      expect((await remove(admin.token, slug, person.email)).status).toBe(204)
    },
  )

  test('addresses are the same in capitals', async () => {
    const person = await signUpInto(ask, admin.token, slug, { name: unique('cased') })
    await signIn(ask, { email: person.email.toUpperCase(), password: person.password })
    expect((await remove(admin.token, slug, person.email.toUpperCase())).status).toBe(204)
  })
})

describe('personal organisations', () => {
  test('everyone reaches their own as personal, and nobody else’s', async () => {
    const [own, theirs] = await Promise.all(
      [admin, member].map(async ({ token }) =>
        expectAnswer(routes.showOrganisation, await ask('GET', '/v1/orgs/personal', { token })),
      ),
    )
    expect(own).toMatchObject({ slug: 'personal', type: 'PERSONAL', role: 'admin' })
    expect(own?.raw_slug).not.toBe(theirs?.raw_slug)
    expectRefusal(await ask('GET', `/v1/orgs/${theirs?.raw_slug ?? ''}`, { token: admin.token }), 403)
  })

  test('a token of one reaches it as personal; a token of a shared one has none', async () => {
    const { token } = await mint(ask, member.token, 'personal')
    const app = await createApp(ask, token, 'personal')
    const listed = expectAnswer(routes.listApps, await ask('GET', '/v1/apps?org_slug=personal', { token }))
    expect(listed.apps.map(({ name }) => name)).toEqual([app.name])
    const shared = await mint(ask, member.token, slug)
    expectRefusal(await ask('GET', '/v1/orgs/personal', { token: shared.token }), 404)
  })

  test('one has one member, and stays', async () => {
    expectRefusal(
      await ask('POST', '/v1/orgs/personal/invitations', { token: admin.token, body: { email: member.email } }),
      409,
    )
    expectRefusal(await remove(admin.token, 'personal', admin.email), 409)
    expectRefusal(await setRole(admin.token, 'personal', admin.email, 'member'), 409)
    expectRefusal(await ask('DELETE', '/v1/orgs/personal', { token: admin.token }), 409)
    expectRefusal(await ask('POST', '/v1/orgs', { token: admin.token, body: { name: 'Mine', slug: 'personal' } }), 409)
    const named = await createOrganisation(ask, admin.token, 'Personal')
    expect(named.slug).not.toBe('personal')
  })
})
