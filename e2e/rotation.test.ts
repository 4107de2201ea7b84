// Rotating tokens: who may, what the successor is, what becomes of the old one and of what it minted.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import type { MintedToken, RotatedToken } from '@hallpass/client'
import { routes } from '@hallpass/client/contract'
import { actions } from '@hallpass/macaroon'

import { expectAnswer, expectRefusal } from './http.ts'
import { forge, narrow, readMacaroon, readonlyOf } from './macaroons.ts'
import { createApp, createOrganisation, mint, requireMembership, revoke, statusOf } from './people.ts'
import { prepareAuthority, prepareOrganisation, preparePerson } from './prepare.ts'

/** Milliseconds by which the authority's clock is ahead. */
let ahead = 0
const realNow = Date.now
const prepared = prepareAuthority(() => {
  Date.now = () => realNow() + ahead
  return {}
})
const { ask, admin, authority } = prepared
const slug = prepareOrganisation(prepared)
const member = preparePerson(prepared, slug)
beforeAll(async () => void (await createApp(ask, admin.token, slug, 'web')))
afterEach(() => {
  ahead = 0
})
afterAll(() => {
  Date.now = realNow
})

const rotate = (id: string, body: object = {}, token = admin.token) =>
  ask('POST', `/v1/tokens/${id}/rotate`, { token, body })
async function rotated(id: string, body: object = {}, token = admin.token): Promise<RotatedToken> {
  return expectAnswer(routes.rotateToken, await rotate(id, body, token))
}
const show = async (id: string) =>
  expectAnswer(routes.showToken, await ask('GET', `/v1/tokens/${id}`, { token: admin.token }))
const withoutWindow = ({ caveats }: Pick<MintedToken, 'caveats'>) =>
  (caveats ?? []).filter(({ type }) => type !== 'ValidityWindow')
const lifetimeOf = (token: Pick<MintedToken, 'created_at' | 'expires_at'>) =>
  Math.ceil((Date.parse(token.expires_at) - Date.parse(token.created_at)) / 1000)
async function usesOf(id: string) {
  const answer = await ask('GET', `/v1/tokens/${id}/history`, { token: admin.token })
  return expectAnswer(routes.showTokenHistory, answer).events.filter(({ operation }) => operation === 'token.use')
}

describe('the successor', () => {
  test('has the caveats, name, app, kind and lifetime of the old one, and both say so', async () => {
    const caveats = [
      { type: 'Action', body: 'rw' },
      { type: 'ValidityWindow', body: { not_before: 0, not_after: 4_000_000_000 } },
      { type: 'RunLabel', body: { agent: 'ci' } },
      { type: 'Networks', body: { networks: ['127.0.0.0/8'] } },
    ]
    const scopes = [
      { name: 'ci' },
      { name: 'web', profile: 'deploy', app: 'web' },
      { name: 'lite', profile: 'litefs_cloud', cluster: 'main' },
    ]
    for (const scope of scopes) {
      const old = await mint(ask, admin.token, slug, { ...scope, expiry: '48h', caveats })
      const next = await rotated(old.id, {}, member.token)
      expect(withoutWindow(next)).toEqual(withoutWindow(old))
      expect(next.caveats?.filter(({ type }) => type === 'ValidityWindow')).toHaveLength(1)
      expect(next).toMatchObject({ name: old.name, app: old.app, profile: old.profile, created_by: member.email })
      expect(lifetimeOf(next)).toBe(48 * 3600)
      expect(next).toMatchObject({ predecessor_id: old.id, successor_id: null, minted_by: null, state: 'live' })
      const replaced = await show(old.id)
      expect(replaced).toMatchObject({ successor_id: next.id, predecessor_id: null, state: 'live' })
      expect(Math.round((Date.parse(replaced.expires_at) - Date.now()) / 3_600_000)).toBe(24)
      expect(replaced).toMatchObject(next.predecessor)
    }
  })

  test('lives as long as is asked for; the old one never longer than it would have', async () => {
    const old = await mint(ask, admin.token, slug, { expiry: '2h' })
    const next = await rotated(old.id, { grace: '7d', expiry: '30d' })
    expect(lifetimeOf(next)).toBe(30 * 24 * 3600)
    expect((await show(old.id)).expires_at).toBe(old.expires_at)
    for (const [body, field] of [
      [{ grace: '-1h' }, 'grace'],
      [{ grace: 'soon' }, 'grace'],
      [{ expiry: '0s' }, 'expiry'],
      [{ forever: true }, 'forever'],
    ] as const) {
      expect(expectRefusal(await rotate(next.id, body), 400).message).toContain(field)
    }
  })

  test('is asked for the discharges that the organization and the old one demand', async () => {
    const { slug: guarded } = await createOrganisation(ask, admin.token)
    await requireMembership(ask, admin.token, guarded, 'member')
    const old = await mint(ask, admin.token, guarded)
    const ticketOf = (token: string) => readMacaroon(token).unsafeCaveats.find((caveat) => caveat.type === '3P')?.ticket
    await requireMembership(ask, admin.token, guarded, 'none')
    const next = await rotated(old.id)
    expect(ticketOf(next.token)).toBeDefined()
    expect(ticketOf(next.token)).not.toEqual(ticketOf(old.token))
    await requireMembership(ask, admin.token, guarded, 'login')
    expect(readMacaroon((await rotated(next.id)).token).unsafeCaveats.filter(({ type }) => type === '3P')).toHaveLength(
      1,
    )
  })
})

describe('the old one', () => {
  test('works until its grace is over, and mints no more', async () => {
    const old = await mint(ask, admin.token, slug)
    const next = await rotated(old.id, { grace: '1h' })
    expect([await statusOf(ask, old.token), await statusOf(ask, next.token)]).toEqual([200, 200])
    const refused = await ask('POST', `/v1/orgs/${slug}/tokens`, { token: old.token, body: {} })
    expect(expectRefusal(refused, 403).message).toContain(`use its successor ${next.id}`)
    ahead = 3_602_000
    expect([await statusOf(ask, old.token), await statusOf(ask, next.token)]).toEqual([401, 200])
    expect((await show(old.id)).state).toBe('expired')
    const page = await ask('GET', `/v1/orgs/${slug}/tokens?limit=1000`, { token: admin.token })
    const ids = new Set(expectAnswer(routes.listOrganisationTokens, page).tokens.map(({ id }) => id))
    expect([ids.has(old.id), ids.has(next.id)]).toEqual([false, true])
  })

  test('is revoked at once without a grace', async () => {
    const old = await mint(ask, admin.token, slug)
    const { predecessor } = await rotated(old.id, { grace: '0' })
    expect(predecessor).toMatchObject({ state: 'revoked', revoked_by: `${admin.email}, by rotating it` })
    expect(await statusOf(ask, old.token)).toBe(401)
    expect(await show(old.id)).toMatchObject(predecessor)
  })

  test('leaves an event of its use after its end, one in ten minutes, also beside a credential that counts', async () => {
    const old = await mint(ask, admin.token, slug, { name: 'leaked' })
    const next = await rotated(old.id, { grace: '0s' })
    // Whoever knows only its id cannot write into the trail.
    expect(await statusOf(ask, forge(old.token))).toBe(401)
    expect(
      await statusOf(ask, `FlyV1 ${forge(old.token).replace('FlyV1 ', '')},${next.token.replace('FlyV1 ', '')}`),
    ).toBe(200)
    expect(await usesOf(old.id)).toEqual([])
    const both = `FlyV1 ${[old.token, next.token].map((each) => each.replace('FlyV1 ', '')).join(',')}`
    expect(await statusOf(ask, both)).toBe(200)
    const said = expectRefusal(await ask('GET', '/v1/orgs', { token: old.token }), 401)
    expect(said.message).toContain(`is replaced by token ${next.id}`)
    for (let more = 0; more < 3; more++) expect(await statusOf(ask, old.token)).toBe(401)
    await expect.poll(async () => (await usesOf(old.id)).length).toBe(1)
    const [use] = await usesOf(old.id)
    expect(use).toMatchObject({
      outcome: 'denied',
      target: `token ${old.id}`,
      actor: { kind: 'token', label: 'leaked' },
    })
    expect(use?.reason).toMatch(/is revoked since .*, and is replaced by token .*; it was used from 127\.0\.0\.1$/)
    const other = await ask('GET', `/v1/tokens/${next.id}/history`, { token: admin.token })
    expect(JSON.stringify(other.body)).toContain(`in the place of token ${old.id}`)
    // A token that was never rotated leaves none.
    const plain = await mint(ask, admin.token, slug)
    await revoke(ask, admin.token, plain.id)
    expect(await statusOf(ask, plain.token)).toBe(401)
    expect(await usesOf(plain.id)).toEqual([])
  })
})

describe('what it minted', () => {
  test('outlives the old one, and dies with the successor', async () => {
    const old = await mint(ask, admin.token, slug)
    const minted = await mint(ask, old.token, slug)
    const next = await rotated(old.id, { grace: '1h' })
    const ended = await ask('DELETE', `/v1/tokens/${old.id}`, { token: admin.token })
    expect(expectAnswer(routes.revokeToken, ended).revoked_descendants).toBe(0)
    expect([await statusOf(ask, old.token), await statusOf(ask, minted.token)]).toEqual([401, 200])
    expect(await show(minted.id)).toMatchObject({ minted_by: old.id })
    const whole = await ask('DELETE', `/v1/tokens/${next.id}`, { token: admin.token })
    expect(expectAnswer(routes.revokeToken, whole).revoked_descendants).toBe(1)
    expect(await statusOf(ask, minted.token)).toBe(401)
  })

  test('is not taken where only the successor is revoked; with it, the old one in its grace dies too', async () => {
    for (const descendants of ['keep', 'revoke'] as const) {
      const old = await mint(ask, admin.token, slug)
      const minted = await mint(ask, old.token, slug)
      const next = await rotated(old.id)
      await ask('DELETE', `/v1/tokens/${next.id}`, { token: admin.token, body: { descendants } })
      const lives = descendants === 'keep' ? 200 : 401
      expect([await statusOf(ask, old.token), await statusOf(ask, minted.token)]).toEqual([lives, lives])
      expect(await statusOf(ask, next.token)).toBe(401)
    }
  })

  test('dies with whoever minted the old one, as the successor does', async () => {
    const above = await mint(ask, admin.token, slug)
    const old = await mint(ask, above.token, slug)
    const minted = await mint(ask, old.token, slug)
    const next = await rotated(old.id)
    expect(next.minted_by).toBe(above.id)
    await revoke(ask, admin.token, above.id)
    for (const { token } of [old, minted, next]) expect(await statusOf(ask, token)).toBe(401)
  })
})

describe('who may rotate', () => {
  test('one that could mint it: not a narrowed one, nor where tokens mint nothing', async () => {
    const old = await mint(ask, admin.token, slug)
    expectRefusal(await rotate(old.id, {}, readonlyOf(old.token)), 403)
    expectRefusal(await rotate(old.id, {}, narrow(old.token, { type: 'Action', mask: actions.read })), 403)
    const other = await createOrganisation(ask, admin.token)
    const stranger = await mint(ask, admin.token, other.slug)
    expectRefusal(await rotate(old.id, {}, stranger.token), 403)
    const own = await mint(ask, admin.token, other.slug)
    await ask('PATCH', `/v1/orgs/${other.slug}`, { token: admin.token, body: { tokens_may_mint: false } })
    expect(expectRefusal(await rotate(own.id, {}, own.token), 403).message).toContain('does not let tokens mint')
    await rotated(own.id)
    expectRefusal(await rotate(crypto.randomUUID()), 404)
  })

  test('a token itself, which gains no time and no more caveats by it, however often', async () => {
    const caveats = [{ type: 'RunLabel', body: { agent: 'ci' } }]
    let token = await mint(ask, admin.token, slug, { expiry: '5h', caveats })
    for (let again = 0; again < 3; again++) {
      const next: RotatedToken = await rotated(token.id, { expiry: '30d', grace: '1h' }, token.token)
      expect(next.expires_at).toBe(token.expires_at)
      expect(withoutWindow(next)).toEqual(withoutWindow(token))
      expect(next.caveats).toHaveLength(token.caveats?.length ?? 0)
      expect(next.minted_by).toBeNull()
      token = next
    }
  })

  test('a token that hands its own caveats on: those of what minted the old one, or of any if a person did', async () => {
    const label = { type: 'RunLabel', body: { agent: 'platform' } }
    const rotator = await mint(ask, admin.token, slug, { expiry: '3h', caveats: [label] })
    const ofPerson = await mint(ask, admin.token, slug)
    const next = await rotated(ofPerson.id, { expiry: '30d' }, rotator.token)
    expect(next).toMatchObject({ minted_by: rotator.id, expires_at: rotator.expires_at })
    expect(next.caveats).toContainEqual(label)
    const child = await mint(ask, rotator.token, slug)
    const renewed = await rotated(child.id, {}, rotator.token)
    expect(renewed.minted_by).toBe(rotator.id)
    expect(withoutWindow(renewed)).toEqual(withoutWindow(child))
    await revoke(ask, admin.token, rotator.id)
    for (const { token } of [next, ofPerson, renewed]) expect(await statusOf(ask, token)).toBe(401)
  })

  test('neither one that it comes from, nor one that another token minted', async () => {
    const above = await mint(ask, admin.token, slug)
    const below = await mint(ask, above.token, slug)
    const beside = await mint(ask, admin.token, slug)
    for (const [id, token] of [
      [above.id, below.token],
      [below.id, beside.token],
    ] as const) {
      expect(expectRefusal(await rotate(id, {}, token), 403).message).toContain('let a person rotate')
    }
    await rotated(below.id, {}, above.token)
  })
})

describe('a token that cannot be rotated says why', () => {
  test('one that is replaced, revoked, ended', async () => {
    const old = await mint(ask, admin.token, slug)
    const next = await rotated(old.id)
    expect(expectRefusal(await rotate(old.id), 409).message).toContain(`its successor is ${next.id}`)
    await rotated(next.id)
    const gone = await mint(ask, admin.token, slug)
    await revoke(ask, admin.token, gone.id)
    expect(expectRefusal(await rotate(gone.id), 409).message).toContain('is revoked since')
    const brief = await mint(ask, admin.token, slug, { expiry: '1h' })
    ahead = 3_700_000
    expect(expectRefusal(await rotate(brief.id), 409).message).toContain('ended at')
  })

  test('one without stored caveats', async () => {
    const old = await mint(ask, admin.token, slug)
    await authority.restart((database) => {
      database.prepare('update tokens set caveats = null where lower(hex(id)) = ?').run(old.id.replaceAll('-', ''))
    })
    expect(expectRefusal(await rotate(old.id), 409).message).toContain('from before caveats were stored')
  })
})
