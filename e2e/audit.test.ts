// The audit trail: every write and every denial stands in it, once, under who did it, and no secret ever does.
import { describe, expect, test } from 'vitest'

import type { AuditEvent } from '@hallpass/client'
import { routes } from '@hallpass/client/contract'
import type { Caveat } from '@hallpass/macaroon'

import { expectAnswer, expectRefusal, type Answer, type Ask } from './http.ts'
import { bundle, narrow, readonlyOf } from './macaroons.ts'
import { createApp, createOrganisation, invite, mint, signUpInto, unique } from './people.ts'
import { prepareAuthority } from './prepare.ts'

const { authority, ask, admin } = prepareAuthority()

/** Newest first. */
async function eventsOf(slug: string): Promise<readonly AuditEvent[]> {
  const answer = await ask('GET', `/v1/orgs/${slug}/audit?limit=1000`, { token: admin.token })
  return expectAnswer(routes.listAuditEvents, answer).events
}

/** Every event there is, those of no organisation included. */
function everyEvent(): readonly Readonly<Record<string, unknown>>[] {
  return authority.inspect((database) => database.prepare('select * from audit_events order by id').all())
}

function requestId(answer: Answer): string {
  return answer.headers.get('fly-request-id') ?? ''
}

test('a token with hundreds of caveats that forbid is refused in few words, which the trail keeps', async () => {
  const { slug } = await createOrganisation(ask, admin.token)
  const { token } = await mint(ask, admin.token, slug)
  const caveats = Array.from({ length: 240 }, (_, i): Caveat => ({
    type: 'Commands',
    commands: Array.from({ length: 3 }, () => ({ args: [`command ${i}`, 'x'.repeat(50)], exact: true })),
  }))
  const answer = await ask('POST', '/v1/apps', {
    token: narrow(token, ...caveats),
    body: { name: unique('app'), org_slug: slug },
  })
  const { message } = expectRefusal(answer, 403)
  expect(message.length).toBeLessThanOrEqual(1000)
  expect(message.match(/its caveat Commands/g)?.length).toBeLessThanOrEqual(3)
  expect((await eventsOf(slug))[0]?.reason).toBe(message)
})

describe('run labels', () => {
  const label = (agent: string, run = '', onBehalfOf = ''): Caveat => ({ type: 'RunLabel', agent, run, onBehalfOf })

  test('stand in what their token does and is refused, in their order, and nowhere else', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const { token } = await mint(ask, admin.token, slug)
    const planner = narrow(token, label('planner', '7', 'ada@example.com'))
    const coder = narrow(planner, label('coder'))
    const make = (credential: string) =>
      ask('POST', '/v1/apps', { token: credential, body: { name: unique('app'), org_slug: slug } })
    const answers = [
      await make(coder),
      await make(readonlyOf(coder)),
      // Of two tokens the one that is authorised has acted.
      await make(bundle(readonlyOf(planner), coder)),
      await make(token),
      await make(admin.token),
    ]
    expect(answers.map(({ status }) => status)).toEqual([201, 403, 201, 201, 201])
    const events = await eventsOf(slug)
    const both = [{ agent: 'planner', run: '7', on_behalf_of: 'ada@example.com' }, { agent: 'coder' }]
    const found = answers.map((answer) => events.find(({ request_id }) => request_id === requestId(answer))?.actor)
    expect(found.map((actor) => actor?.run_labels)).toEqual([both, both, both, undefined, undefined])
  })

  test('are of the token that was minted under them too, and the first of many are shown', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const many = Array.from({ length: 11 }, (_, at) => label(`a${at}`))
    const minter = narrow((await mint(ask, admin.token, slug)).token, ...many)
    const { token } = await mint(ask, minter, slug)
    await createApp(ask, token, slug)
    const [created, minted] = await eventsOf(slug)
    expect([created?.operation, minted?.operation]).toEqual(['app.create', 'token.mint'])
    for (const event of [created, minted]) {
      expect(event?.actor.run_labels).toEqual(many.slice(0, 8).map((_, at) => ({ agent: `a${at}` })))
      expect(event?.actor.more_run_labels).toBe(3)
    }
  })

  test('of strangers stay out of the trail, and secrets in them are not shown', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const { token } = await mint(ask, admin.token, (await createOrganisation(ask, admin.token)).slug)
    const stranger = narrow(token, label('rude words'))
    expectRefusal(await ask('GET', `/v1/orgs/${slug}/audit`, { token: stranger }), 403)
    const [denied] = await eventsOf(slug)
    expect(denied).toMatchObject({ outcome: 'denied', actor: { kind: 'token' } })
    expect(denied?.actor).not.toHaveProperty('run_labels')
    const own = narrow((await mint(ask, admin.token, slug)).token, label('ci', admin.token))
    await createApp(ask, own, slug)
    const [event] = await eventsOf(slug)
    expect(event?.actor.run_labels).toEqual([{ agent: 'ci', run: 'fo1_[secret]' }])
  })
})

describe('what is allowed', () => {
  test('every write leaves one event, with the id of its request and who made it', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const member = await signUpInto(ask, admin.token, slug)
    const { id: tokenId, token } = await mint(ask, member.token, slug)
    const path = `/v1/orgs/${slug}`
    const writes: readonly (readonly [string, string, Answer])[] = [
      ['app.create', 'token', await ask('POST', '/v1/apps', { token, body: { name: unique('app'), org_slug: slug } })],
      ['token.mint', 'token', await ask('POST', `${path}/tokens`, { token, body: {} })],
      ['token.revoke', 'user', await ask('DELETE', `/v1/tokens/${tokenId}`, { token: member.token })],
      [
        'membership.change_role',
        'user',
        await ask('PATCH', `${path}/members/${member.email}`, { token: admin.token, body: { role: 'admin' } }),
      ],
      ['membership.remove', 'user', await ask('DELETE', `${path}/members/${member.email}`, { token: admin.token })],
      [
        'membership.invite',
        'user',
        await ask('POST', `${path}/invitations`, { token: admin.token, body: { email: 'new@example.com' } }),
      ],
    ]
    const events = await eventsOf(slug)
    for (const [operation, kind, answer] of writes) {
      expect(answer.status, answer.text).toBeLessThan(300)
      const [event, ...more] = events.filter(({ request_id }) => request_id === requestId(answer))
      expect(more).toEqual([])
      const reason = operation === 'token.revoke' ? 'with the token that it minted' : ''
      expect(event).toMatchObject({ operation, outcome: 'allowed', reason, actor: { kind } })
      if (kind === 'token') expect(event?.actor.id).toBe(tokenId)
    }
    expect(events.at(-1)?.operation).toBe('organisation.create')
  })

  test('a new account that joins is in the trail of the organization, with the request of the sign-up', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const email = `${unique('joins')}@example.com`
    const invitation = await invite(ask, admin.token, slug, { email, role: 'admin' })
    const answer = await ask('POST', '/v1/users', { body: { email, password: 'a long password', invitation } })
    expect(answer.status, answer.text).toBe(201)
    const [event] = await eventsOf(slug)
    expect(event).toMatchObject({
      operation: 'membership.accept',
      outcome: 'allowed',
      actor: { kind: 'user', label: `${email} (unproven)` },
      target: 'membership as admin',
      request_id: requestId(answer),
    })
    const written = everyEvent().filter((each) => each['request_id'] === requestId(answer))
    expect(written.map((each) => each['operation'])).toEqual(['membership.accept', 'user.sign_up'])
  })

  test('reading leaves none', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const before = everyEvent().length
    for (const path of [`/v1/orgs/${slug}`, `/v1/orgs/${slug}/tokens`, `/v1/apps?org_slug=${slug}`, '/v1/orgs']) {
      expect((await ask('GET', path, { token: admin.token })).status).toBe(200)
    }
    expect(everyEvent()).toHaveLength(before)
  })

  test('deleting an app and an organisation, and coming and going, stand there too', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const app = await createApp(ask, admin.token, slug)
    const invitation = await invite(ask, admin.token, slug, { email: `${unique('late')}@example.com` })
    const person = await signUpInto(ask, admin.token, slug)
    const { slug: second } = await createOrganisation(ask, admin.token)
    const joining = await invite(ask, admin.token, second, { email: person.email })
    const answers = [
      ['app.delete', await ask('DELETE', `/v1/apps/${app.name}`, { token: admin.token })],
      [
        'membership.accept',
        await ask('POST', '/v1/invitations/accept', { token: person.token, body: { invitation: joining } }),
      ],
      ['user.sign_out', await ask('DELETE', '/v1/sessions/current', { token: person.token })],
      ['user.sign_in', await ask('POST', '/v1/sessions', { body: { email: person.email, password: person.password } })],
      ['organisation.delete', await ask('DELETE', `/v1/orgs/${slug}`, { token: admin.token })],
    ] as const
    for (const [operation, answer] of answers) {
      expect(answer.status, answer.text).toBeLessThan(300)
      const events = everyEvent().filter((event) => event['request_id'] === requestId(answer))
      expect(events, operation).toMatchObject([{ operation, outcome: 'allowed' }])
    }
    expect(invitation).not.toBe('')
  })

  test('pages hold every event once, and newer ones do not shift them', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    for (let count = 0; count < 7; count += 1) await mint(ask, admin.token, slug)
    const wanted = (await eventsOf(slug)).map(({ id }) => id)
    const got: number[] = []
    let cursor: string | undefined
    do {
      const query = cursor === undefined ? '?limit=3' : `?limit=3&cursor=${cursor}`
      const page = expectAnswer(
        routes.listAuditEvents,
        await ask('GET', `/v1/orgs/${slug}/audit${query}`, { token: admin.token }),
      )
      got.push(...page.events.map(({ id }) => id))
      cursor = page.next_cursor
      await mint(ask, admin.token, slug)
    } while (cursor !== undefined)
    expect(got).toEqual(wanted)
  })
})

describe('what is denied', () => {
  test('every denial leaves one event with its reason, and undoes nothing else', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const member = await signUpInto(ask, admin.token, slug)
    const stranger = await signUpInto(ask, admin.token, (await createOrganisation(ask, admin.token)).slug)
    const app = await createApp(ask, admin.token, slug)
    const { id, token } = await mint(ask, admin.token, slug)
    const reader = readonlyOf(token)
    const denied: readonly (readonly [string, string, Answer])[] = [
      ['token.mint', id, await ask('POST', `/v1/orgs/${slug}/tokens`, { token: reader, body: {} })],
      ['app.delete', id, await ask('DELETE', `/v1/apps/${app.name}`, { token: reader })],
      ['organisation.show', '', await ask('GET', `/v1/orgs/${slug}`, { token: stranger.token })],
      ['organisation.delete', '', await ask('DELETE', `/v1/orgs/${slug}`, { token: member.token })],
      [
        'membership.remove',
        '',
        await ask('DELETE', `/v1/orgs/${slug}/members/${admin.email}`, { token: member.token }),
      ],
      ['audit.list', '', await ask('GET', `/v1/orgs/${slug}/audit`, { token: stranger.token })],
    ]
    const events = await eventsOf(slug)
    for (const [operation, actor, answer] of denied) {
      const { message } = expectRefusal(answer, 403)
      const found = events.filter(({ request_id }) => request_id === requestId(answer))
      expect(found, operation).toMatchObject([{ operation, outcome: 'denied', reason: message }])
      if (actor !== '') expect(found[0]?.actor).toMatchObject({ kind: 'token', id: actor })
    }
  })

  test('failed logins and bad codes leave one each, under nobody', async () => {
    const answers = [
      await ask('POST', '/v1/sessions', { body: { email: 'nobody@example.com', password: 'wrong' } }),
      await ask('POST', '/v1/users', {
        body: { email: 'x@example.com', password: 'long enough', invitation: 'abcdefgh-abcdefgh' },
      }),
    ]
    for (const answer of answers) {
      const events = everyEvent().filter((event) => event['request_id'] === requestId(answer))
      expect(events).toMatchObject([{ outcome: 'denied', actor_kind: 'nobody', organisation_id: null }])
    }
  })

  test('an invitation that is refused to a person who is logged in leaves one', async () => {
    const answer = await ask('POST', '/v1/invitations/accept', {
      token: admin.token,
      body: { invitation: 'abcdefgh-abcdefgh-abcdefgh-abcdefgh' },
    })
    expectRefusal(answer, 403)
    const events = everyEvent().filter((event) => event['request_id'] === requestId(answer))
    expect(events).toMatchObject([{ operation: 'membership.accept', outcome: 'denied', actor_kind: 'user' }])
  })

  test('endless denials do not fill the disk', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const stranger = await signUpInto(ask, admin.token, (await createOrganisation(ask, admin.token)).slug)
    const before = everyEvent().length
    await Promise.all(Array.from({ length: 200 }, () => ask('GET', `/v1/orgs/${slug}`, { token: stranger.token })))
    const written = everyEvent().length - before
    expect(written).toBeGreaterThanOrEqual(10)
    expect(written).toBeLessThan(150)
  })
})

describe('a stranger in the trail of an organisation', () => {
  const shout = 'BUY-OUR-THINGS'
  const denialsIn = (slug: string) =>
    authority.inspect((database) =>
      database
        .prepare(
          `select * from audit_events where outcome = 'denied' and organisation_id = (select id from organisations where slug = ?)`,
        )
        .all(slug),
    )

  test('is there by id, with no text of their choice', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const app = await createApp(ask, admin.token, slug)
    const own = await createOrganisation(ask, admin.token)
    const stranger = await signUpInto(ask, admin.token, own.slug)
    const minted = await mint(ask, stranger.token, own.slug, { name: shout })
    const tokens = `/v1/orgs/${slug}/tokens`
    for (const token of [stranger.token, minted.token]) {
      const answers = [
        await ask('POST', '/v1/apps', { token, body: { name: shout.toLowerCase(), org_slug: slug } }),
        await ask('POST', tokens, { token, body: { name: shout } }),
        await ask('POST', tokens, { token, body: { name: shout, profile: 'deploy', app: app.name } }),
        await ask('PATCH', `/v1/orgs/${slug}`, { token, body: { name: shout } }),
        await ask('POST', `/v1/orgs/${slug}/invitations`, { token, body: { email: `${shout}@example.com` } }),
        await ask('DELETE', `/v1/orgs/${slug}/members/${shout}@example.com`, { token }),
        await ask('DELETE', `/v1/apps/${app.name}`, { token }),
      ]
      for (const answer of answers) expect(expectRefusal(answer, 403).message).not.toContain(slug)
    }
    const denials = denialsIn(slug)
    expect(denials).toHaveLength(14)
    expect(JSON.stringify(denials).toUpperCase()).not.toContain(shout)
    expect(JSON.stringify(denials)).not.toContain(stranger.email)
    expect(denials.at(-1)).toMatchObject({ actor_label: `token ${minted.id}`, target: `app ${app.name}` })
  })

  test('with forty tokens writes no more than with one', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const own = await createOrganisation(ask, admin.token)
    const stranger = await signUpInto(ask, admin.token, own.slug)
    for (let count = 0; count < 40; count += 1) {
      const { token } = await mint(ask, stranger.token, own.slug)
      await Promise.all(Array.from({ length: 5 }, () => ask('GET', `/v1/orgs/${slug}`, { token })))
    }
    // Thirty, and what became free again while it was asked: one in a minute.
    expect(denialsIn(slug).length).toBeGreaterThanOrEqual(30)
    expect(denialsIn(slug).length).toBeLessThan(40)
    // The organisation's own people are still heard.
    const member = await signUpInto(ask, admin.token, slug)
    expectRefusal(await ask('DELETE', `/v1/orgs/${slug}`, { token: member.token }), 403)
    expect(denialsIn(slug).at(-1)).toMatchObject({ actor_label: `${member.email} (unproven)` })
  })
})

test('a refusal does not show a stranger whose an app or a token is', async () => {
  const { slug } = await createOrganisation(ask, admin.token)
  const other = await createOrganisation(ask, admin.token)
  const app = await createApp(ask, admin.token, slug)
  const { id } = await mint(ask, admin.token, slug)
  const own = await createOrganisation(ask, admin.token)
  const stranger = await signUpInto(ask, admin.token, own.slug)
  const { token } = await mint(ask, stranger.token, own.slug)
  const say = async (method: string, path: string, asked: Parameters<Ask>[2]) => {
    const { message } = expectRefusal(await ask(method, path, asked), 403)
    expect(message).not.toContain(slug)
    return message
  }
  for (const credential of [stranger.token, token]) {
    await say('GET', `/v1/apps/${app.name}`, { token: credential })
    await say('GET', `/v1/tokens/${id}`, { token: credential })
    // Nor by guessing: the answer is the same whether the app is of that organisation or not.
    const mintFor = (org: string) =>
      say('POST', `/v1/orgs/${org}/tokens`, { token: credential, body: { profile: 'deploy', app: app.name } })
    expect(await mintFor(slug)).toBe(await mintFor(other.slug))
  }
  const authorise = (org: string) =>
    ask('POST', '/v1/tokens/authorize', {
      body: {
        header: `FlyV1 ${token.replace(/^FlyV1 /, '')}`,
        access: { action: 'r', org_slug: org, app_name: app.name },
      },
    })
  const [right, wrong] = [await authorise(slug), await authorise(other.slug)]
  expect(right.status).toBe(wrong.status)
  expect({ ...Object(right.body), request_id: '' }).toEqual({ ...Object(wrong.body), request_id: '' })
})

test('no event holds a secret', async () => {
  const { slug } = await createOrganisation(ask, admin.token)
  const email = `${unique('secretive')}@example.com`
  const password = 'S3cret-Passw0rd-of-the-audit'
  const invitation = await invite(ask, admin.token, slug, { email })
  const wrong = 'S3cret-Wr0ng-Passw0rd'
  await ask('POST', '/v1/sessions', { body: { email, password: wrong } })
  const { access_token } = expectAnswer(
    routes.signUp,
    await ask('POST', '/v1/users', { body: { email, password, invitation } }),
  )
  await ask('POST', '/v1/users', { body: { email, password, invitation } })
  const { token } = await mint(ask, access_token, slug)
  await ask('POST', `/v1/orgs/${slug}/tokens`, { token: readonlyOf(token), body: {} })
  await ask('DELETE', `/v1/orgs/${slug}/members/${email}`, { token })
  // Secrets where they do not belong, asked by somebody whose denials are written down.
  for (const secret of [access_token, password, invitation]) {
    await ask('DELETE', `/v1/orgs/${slug}/members/${secret}`, { token })
    await ask('DELETE', `/v1/tokens/${secret}`, { token })
    await ask('GET', `/v1/apps/${secret}`, { token })
  }
  const written = JSON.stringify(everyEvent())
  for (const secret of [password, wrong, invitation, access_token, token, token.slice(20, 60)]) {
    // Not toContain: it would print the whole trail.
    expect(written.includes(secret), secret).toBe(false)
  }
})

test('the history of a token is its part of the trail: its mint, what it did and was refused, and its end', async () => {
  const { slug } = await createOrganisation(ask, admin.token)
  const other = await createOrganisation(ask, admin.token)
  const minted = await mint(ask, admin.token, slug, { name: 'ci' })
  await mint(ask, admin.token, slug)
  const app = await createApp(ask, minted.token, slug)
  await ask('DELETE', `/v1/orgs/${slug}`, { token: minted.token })
  await ask('DELETE', `/v1/orgs/${other.slug}`, { token: minted.token })
  const child = await mint(ask, minted.token, slug)
  await ask('DELETE', `/v1/tokens/${minted.id}`, { token: admin.token })
  const history = async (query = '') => {
    const answer = await ask('GET', `/v1/tokens/${minted.id}/history${query}`, { token: admin.token })
    return expectAnswer(routes.showTokenHistory, answer)
  }
  const { events } = await history()
  expect(events.map(({ operation, outcome, target }) => [operation, outcome, target])).toEqual([
    ['token.revoke', 'allowed', `token ${minted.id}`],
    ['token.mint', 'allowed', `token ${child.id}`],
    ['organisation.delete', 'denied', `organization ${slug}`],
    ['app.create', 'allowed', `app ${app.name}`],
    ['token.mint', 'allowed', `token ${minted.id}`],
  ])
  const ids = (await eventsOf(slug)).map(({ id }) => id)
  for (const { id } of events) expect(ids).toContain(id)

  const first = await history('?limit=3')
  const second = await history(`?limit=3&cursor=${first.next_cursor}`)
  expect([...first.events, ...second.events]).toEqual(events)
  expect(second.next_cursor).toBeUndefined()
  expectRefusal(await ask('GET', `/v1/tokens/${minted.id}/history?cursor=AAAA`, { token: admin.token }), 400)
  expectRefusal(await ask('GET', `/v1/tokens/${other.slug}/history`, { token: admin.token }), 404)
})
