// Invitations end when the person joins, and when their maker leaves, steps down or is deleted.
import { describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { expectAnswer, expectRefusal } from './http.ts'
import { createOrganisation, invite, inviteFully, memberPath, signUpInto, unique } from './people.ts'
import { prepareAuthority } from './prepare.ts'

const { ask, admin } = prepareAuthority()

const preview = (invitation: string) => ask('POST', '/v1/invitations/preview', { body: { invitation } })
const signUp = (email: string, invitation: string) =>
  ask('POST', '/v1/users', { body: { email, password: 'a long enough password', invitation } })
const newAddress = () => `${unique('new')}@example.com`

async function pending(token: string, organisation: string) {
  const answer = await ask('GET', `/v1/orgs/${organisation}/invitations`, { token })
  return expectAnswer(routes.listInvitations, answer).invitations
}

describe('an invitation ends with what it was made for', () => {
  const accept = (token: string, invitation: string) =>
    ask('POST', '/v1/invitations/accept', { token, body: { invitation } })

  test.each(['removed', 'left', 'demoted'])('no second code lets in a person who was %s', async (how) => {
    const { slug: fresh } = await createOrganisation(ask, admin.token)
    const { slug: first } = await createOrganisation(ask, admin.token)
    const person = await signUpInto(ask, admin.token, first)
    const codes: string[] = []
    // Twelve at once, so that some overtake each other: whichever is left admits once.
    const invited = await Promise.all(
      Array.from({ length: 12 }, () => inviteFully(ask, admin.token, fresh, { email: person.email, role: 'admin' })),
    )
    codes.push(...invited.map(({ code }) => code))
    const accepted = await Promise.all(codes.map((code) => accept(person.token, code)))
    expect(accepted.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(await pending(admin.token, fresh)).toEqual([])
    const path = memberPath(fresh, person.email)
    if (how === 'demoted') await ask('PATCH', path, { token: admin.token, body: { role: 'member' } })
    else await ask('DELETE', path, { token: how === 'left' ? person.token : admin.token })
    for (const code of codes) expectRefusal(await accept(person.token, code), 403)
    const listed = expectAnswer(routes.listOrganisations, await ask('GET', '/v1/orgs', { token: person.token }))
    expect(listed.orgs.find(({ slug: known }) => known === fresh)?.role).toBe(how === 'demoted' ? 'member' : undefined)
  })

  test.each(['removed', 'left', 'demoted'])('nobody comes in whom somebody invited who was then %s', async (how) => {
    const { slug: fresh } = await createOrganisation(ask, admin.token)
    const inviter = await signUpInto(ask, admin.token, fresh, { role: 'admin' })
    const email = newAddress()
    const code = await invite(ask, inviter.token, fresh, { email, role: 'admin' })
    const path = memberPath(fresh, inviter.email)
    if (how === 'demoted') await ask('PATCH', path, { token: admin.token, body: { role: 'member' } })
    else await ask('DELETE', path, { token: how === 'left' ? inviter.token : admin.token })
    expect(await pending(admin.token, fresh)).toEqual([])
    expectRefusal(await preview(code), 403)
    expectRefusal(await signUp(email, code), 403)
    // Nor when they may invite once more.
    if (how === 'demoted') await ask('PATCH', path, { token: admin.token, body: { role: 'admin' } })
    else await accept(inviter.token, await invite(ask, admin.token, fresh, { email: inviter.email, role: 'admin' }))
    expectRefusal(await signUp(email, code), 403)
    expect((await signUp(email, await invite(ask, admin.token, fresh, { email }))).status).toBe(201)
  })

  test('a removal and an acceptance at one moment leave nobody with a code', async () => {
    const { slug: fresh } = await createOrganisation(ask, admin.token)
    const { slug: first } = await createOrganisation(ask, admin.token)
    const person = await signUpInto(ask, admin.token, first)
    const code = await invite(ask, admin.token, fresh, { email: person.email })
    await Promise.all([
      accept(person.token, code),
      ask('DELETE', memberPath(fresh, person.email), { token: admin.token }),
      invite(ask, admin.token, fresh, { email: person.email }).catch(() => undefined),
      ask('DELETE', memberPath(fresh, person.email), { token: admin.token }),
    ])
    expectRefusal(await accept(person.token, code), 403)
    expect((await pending(admin.token, fresh)).length).toBeLessThanOrEqual(1)
  })
})
