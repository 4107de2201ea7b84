// Tokens whose use the person in whose name they were made has to confirm, and what time does to a discharge.
import { tokenId } from '@hallpass/macaroon'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { askForConfirmation, refusalOf, takeTicket, thirdPartyPath, ticketOf, withDischarge } from './discharges.ts'
import { expectAnswer, expectRefusal, type Answer, type Ask } from './http.ts'
import { readMacaroon } from './macaroons.ts'
import { mint, requireMembership, revoke, signIn, signUpInto, statusOf, type Person } from './people.ts'
import { prepareAuthority, prepareOrganisation, preparePerson } from './prepare.ts'

const start = Date.parse('2026-03-01T12:00:00Z')

// The authority is given the clock when it starts, so this one is its own.
beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'], now: start }))
afterAll(() => void vi.useRealTimers())
const prepared = prepareAuthority({ trustedProxies: ['127.0.0.1'] })
const { authority, ask, admin } = prepared
const slug = prepareOrganisation(prepared)
beforeAll(async () => void (await requireMembership(ask, admin.token, slug, 'login')))
const member = preparePerson(prepared, slug)
afterEach(() => vi.setSystemTime(start))

const later = (seconds: number) => vi.setSystemTime(start + seconds * 1000)

const reply = (person: Person, id: string, verb: 'approve' | 'deny') =>
  ask('POST', `/v1/discharges/${id}/${verb}`, { token: person.token })

/** A token that its person has just let somebody use. */
async function confirmed(person: Person): Promise<{ readonly token: string; readonly answer: Answer }> {
  const { token } = await mint(ask, person.token, slug)
  const { id, poll } = await askForConfirmation(ask, token)
  expect((await reply(person, id, 'approve')).status).toBe(204)
  return { token, answer: await poll() }
}

describe('a discharge that a person confirms', () => {
  test('waits until they have, says what it is about, and is given once', async () => {
    const minted = await mint(ask, member.token, slug, { name: 'laptop' })
    const { id, userUrl, poll } = await askForConfirmation(ask, minted.token)
    expect(userUrl).toBe(`${authority.url()}/discharge/${id}`)
    const waiting = await poll()
    expect({ status: waiting.status, text: waiting.text }).toEqual({ status: 202, text: '' })

    const shown = await ask('GET', `/v1/discharges/${id}`, { token: member.token })
    expect(expectAnswer(routes.showDischarge, shown)).toEqual({
      state: 'pending',
      org_slug: slug,
      org_name: 'Acme',
      token: { id: minted.id, name: 'laptop', profile: 'deploy_organization' },
      requested_from: '127.0.0.1',
      created_at: new Date(start).toISOString(),
      expires_at: new Date(start + 600_000).toISOString(),
      discharge_expires_in: 600,
    })
    expect((await reply(member, id, 'approve')).status).toBe(204)
    const again = await ask('GET', `/v1/discharges/${id}`, { token: member.token })
    expect(again.body).toMatchObject({ state: 'approved' })
    expectRefusal(await reply(member, id, 'deny'), 409)

    const answered = await poll()
    expect(answered.status).toBe(200)
    expect(await statusOf(ask, withDischarge(minted.token, answered))).toBe(200)
    expect(refusalOf(await poll(), 404)).toContain('was fetched already')
    expectRefusal(await ask('GET', `/v1/discharges/${id}`, { token: member.token }), 404)
  })

  test('is the same for another request from there, until it is fetched or denied', async () => {
    const { token } = await mint(ask, member.token, slug)
    const first = await askForConfirmation(ask, token)
    const second = await askForConfirmation(ask, token)
    expect(second.userUrl).toBe(first.userUrl)
    expect((await reply(member, first.id, 'approve')).status).toBe(204)
    const third = await askForConfirmation(ask, token)
    expect(third.id).toBe(first.id)
    expect(await statusOf(ask, withDischarge(token, await third.poll()))).toBe(200)
    expect((await first.poll()).status).toBe(404)
    later(1)
    const next = await askForConfirmation(ask, token)
    expect(next.id).not.toBe(first.id)
    expect((await reply(member, next.id, 'deny')).status).toBe(204)
    expect((await askForConfirmation(ask, token)).id).not.toBe(next.id)
    // Elsewhere somebody else may hold the token: what they began is not given to them with this.
    const elsewhere: Ask = (method, path, asked) =>
      ask(method, path, { ...asked, headers: { 'x-forwarded-for': '192.0.2.9' } })
    const [here, there] = [await askForConfirmation(ask, token), await askForConfirmation(elsewhere, token)]
    expect(there.id).not.toBe(here.id)
    expect((await askForConfirmation(elsewhere, token)).id).toBe(there.id)
    // Another token, or another ticket of the same person, has its own.
    expect((await askForConfirmation(ask, (await mint(ask, member.token, slug)).token)).id).not.toBe(next.id)
  })

  test('is refused where they refuse, once', async () => {
    const { token } = await mint(ask, member.token, slug)
    const { id, poll } = await askForConfirmation(ask, token)
    expect((await reply(member, id, 'deny')).status).toBe(204)
    expect(refusalOf(await poll(), 200)).toBe(`${member.email} has refused this`)
    expect((await poll()).status).toBe(404)
  })

  test('is nobody else’s to see or to answer, not even an admin’s', async () => {
    const { token } = await mint(ask, member.token, slug)
    const { id, poll } = await askForConfirmation(ask, token)
    expectRefusal(await ask('GET', `/v1/discharges/${id}`, { token: admin.token }), 403)
    for (const verb of ['approve', 'deny'] as const) {
      expect(expectRefusal(await reply(admin, id, verb), 403).message).toContain('was not made in your name')
      expectRefusal(await ask('POST', `/v1/discharges/${id}/${verb}`), 401)
    }
    expect((await poll()).status).toBe(202)
  })

  test('has two names, and neither opens what the other does', async () => {
    const { token } = await mint(ask, member.token, slug)
    const { body } = await takeTicket(ask, token)
    const { user_interactive } = body as { user_interactive: { user_url: string; poll_url: string } }
    const [forPerson = '', forPolling = ''] = [user_interactive.user_url, user_interactive.poll_url].map((url) =>
      url.split('/').at(-1),
    )
    expect(forPerson).not.toBe(forPolling)
    expect((await ask('GET', `${thirdPartyPath}/poll/${forPerson}`)).status).toBe(404)
    expectRefusal(await ask('GET', `/v1/discharges/${forPolling}`, { token: member.token }), 404)
    for (const guess of ['x', forPolling.slice(1), `${forPolling}A`, 'A'.repeat(43)]) {
      expect((await ask('GET', `${thirdPartyPath}/poll/${guess}`)).status).toBe(404)
    }
    const stored = authority.inspect((database) => database.prepare('select * from discharge_requests').all())
    const text = JSON.stringify(stored.map((row) => Object.values(row).map((value) => Buffer.from(String(value)))))
    for (const secret of [forPerson, forPolling]) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain(Buffer.from(secret, 'base64url').toString('hex'))
    }
  })

  test('is not given once the person has left, or the token is revoked, though it was confirmed', async () => {
    const leaving = await signUpInto(ask, admin.token, slug)
    const [left, revoked] = [await mint(ask, leaving.token, slug), await mint(ask, leaving.token, slug)]
    const [ofLeft, ofRevoked] = [
      await askForConfirmation(ask, left.token),
      await askForConfirmation(ask, revoked.token),
    ]
    for (const { id } of [ofLeft, ofRevoked]) expect((await reply(leaving, id, 'approve')).status).toBe(204)
    await revoke(ask, admin.token, revoked.id)
    expect(refusalOf(await ofRevoked.poll(), 200)).toContain('is revoked since')
    await ask('DELETE', `/v1/orgs/${slug}/members/${leaving.email}`, { token: admin.token })
    expect(refusalOf(await ofLeft.poll(), 200)).toContain('is no longer a member')
    expect(refusalOf(await takeTicket(ask, left.token), 403)).toContain('is no longer a member')
  })

  test('is in the audit trail: who asked, who agreed, what was given', async () => {
    const before = await lastEvent()
    await confirmed(member)
    const events = await ask('GET', `/v1/orgs/${slug}/audit?limit=10`, { token: admin.token })
    const { events: all } = expectAnswer(routes.listAuditEvents, events)
    expect(
      all.filter(({ id }) => id > before).map(({ operation, outcome, actor }) => [operation, outcome, actor.kind]),
    ).toEqual([
      ['token.discharge', 'allowed', 'token'],
      ['discharge.approve', 'allowed', 'user'],
      ['token.discharge', 'allowed', 'token'],
      ['token.mint', 'allowed', 'user'],
    ])
    expect(all[2]?.target).toContain(`to be confirmed by ${member.email}`)
  })

  test('waits for fifty of one token, and no more', async () => {
    const { token } = await mint(ask, member.token, slug)
    for (let asked = 0; asked < 50; asked += 1) {
      // What nobody has denied is the same, when it is asked for again.
      expect((await reply(member, (await askForConfirmation(ask, token)).id, 'deny')).status).toBe(204)
    }
    const refused = await takeTicket(ask, token)
    expect(refusalOf(refused, 429)).toContain('wait to be confirmed')
    expect(refused.headers.get('retry-after')).toBe('60')
    later(601)
    await askForConfirmation(ask, token)
  })
})

async function lastEvent(): Promise<number> {
  const { body } = await ask('GET', `/v1/orgs/${slug}/audit?limit=1`, { token: admin.token })
  return (body as { events: readonly { id: number }[] }).events[0]?.id ?? 0
}

describe('time', () => {
  test('ends a request that nobody answers, and one that nobody fetches', async () => {
    const [one, other] = [await mint(ask, member.token, slug), await mint(ask, member.token, slug)]
    const [ignored, unfetched] = [await askForConfirmation(ask, one.token), await askForConfirmation(ask, other.token)]
    expect((await reply(member, unfetched.id, 'approve')).status).toBe(204)
    later(600)
    for (const { poll } of [ignored, unfetched]) expect((await poll()).status).toBe(404)
    expectRefusal(await reply(member, ignored.id, 'approve'), 404)
    // Whoever asks next sweeps them away.
    await askForConfirmation(ask, (await mint(ask, member.token, slug)).token)
    const ended = authority.inspect((database) =>
      database.prepare('select id from discharge_requests where expires_at <= ?').all(start + 600_000),
    )
    expect(ended).toEqual([])
  })

  test('ends a discharge, and the refusal says where the next one is to be had', async () => {
    const { token, answer } = await confirmed(member)
    const header = withDischarge(token, answer)
    later(600)
    expect(await statusOf(ask, header)).toBe(200)
    later(601)
    const refused = expectRefusal(await ask('GET', '/v1/orgs', { token: header }), 401)
    expect(refused.message).toBe(
      `token ${tokenId(readMacaroon(token).nonce)} needs a new discharge from "${ticketOf(token).location}": ` +
        'the one that came with it ended at 2026-03-01T12:10:00Z',
    )
  })

  test('makes the token of a person who has left useless, within the life of the last discharge', async () => {
    const leaving = await signUpInto(ask, admin.token, slug)
    const { token, answer } = await confirmed(leaving)
    const header = withDischarge(token, answer)
    await ask('DELETE', `/v1/orgs/${slug}/members/${leaving.email}`, { token: admin.token })
    later(599)
    expect(await statusOf(ask, header)).toBe(200)
    later(601)
    expect(await statusOf(ask, header)).toBe(401)
    expect((await takeTicket(ask, token)).status).toBe(403)
    expect((await signIn(ask, leaving)).token).toMatch(/^fo1_/)
  })
})
