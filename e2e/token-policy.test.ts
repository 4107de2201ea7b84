// The limits that an organisation sets for its tokens: who sets them, what they refuse at a mint, and what they block at every use.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { MintedToken, RotatedToken, TokenPolicy } from '@hallpass/client'
import { routes } from '@hallpass/client/contract'

import { askForConfirmation, discharge, takeTicket } from './discharges.ts'
import { expectAnswer, expectRefusal, type Answer } from './http.ts'
import { readonlyOf } from './macaroons.ts'
import {
  createApp,
  createOrganisation,
  memberPath,
  mint,
  requireMembership,
  revoke,
  statusOf,
  unique,
} from './people.ts'
import { prepareAuthority, prepareOrganisation, preparePerson } from './prepare.ts'

const prepared = prepareAuthority({ trustedProxies: ['127.0.0.1'], engine: 'unix:///nowhere' })
const { ask, admin } = prepared
const slug = prepareOrganisation(prepared)
const member = preparePerson(prepared, slug)
const stranger = preparePerson(prepared, slug)
let app = ''
let elsewhere = ''
beforeAll(async () => {
  app = (await createApp(ask, admin.token, slug)).name
  elsewhere = (await createOrganisation(ask, admin.token)).slug
  await ask('DELETE', memberPath(slug, stranger.email), { token: admin.token })
})

const open = {
  max_token_lifetime: null,
  default_token_lifetime: null,
  tokens_may_mint: true,
  only_admins_mint: false,
  approval: false,
  networks: [],
}
const patch = (body: object, token = admin.token, org = slug) => ask('PATCH', `/v1/orgs/${org}/policy`, { token, body })
const limit = async (body: object): Promise<TokenPolicy> => expectAnswer(routes.updateTokenPolicy, await patch(body))
const policyOf = async (token = admin.token) =>
  expectAnswer(routes.showTokenPolicy, await ask('GET', `/v1/orgs/${slug}/policy`, { token }))
const show = async (id: string) =>
  expectAnswer(routes.showToken, await ask('GET', `/v1/tokens/${id}`, { token: admin.token }))
const reasonOf = async (id: string) => (await show(id)).blocked?.reason
const approve = (id: string, token = admin.token) => ask('POST', `/v1/tokens/${id}/approve`, { token })
const mintWith = (token: string, body: object = {}) => ask('POST', `/v1/orgs/${slug}/tokens`, { token, body })
const rotate = (id: string, body: object = {}, token = admin.token) =>
  ask('POST', `/v1/tokens/${id}/rotate`, { token, body })
const rotated = async (id: string, body: object = {}, token = admin.token): Promise<RotatedToken> =>
  expectAnswer(routes.rotateToken, await rotate(id, body, token))
const secondsOf = ({ created_at, expires_at }: Pick<MintedToken, 'created_at' | 'expires_at'>) =>
  Math.ceil((Date.parse(expires_at) - Date.parse(created_at)) / 1000)
const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })
async function events(operation: string) {
  const answer = await ask('GET', `/v1/orgs/${slug}/audit`, { token: admin.token })
  return expectAnswer(routes.listAuditEvents, answer).events.filter((event) => event.operation === operation)
}
function expectBlocked(answer: Answer): string {
  const { code, message } = expectRefusal(answer, 403)
  expect(code).toBe('blocked')
  return message
}

beforeEach(async () => {
  await limit(open)
})

describe('the policy', () => {
  test('is open at first, changes field by field, and is read by whoever reads the organization', async () => {
    expect(await policyOf()).toEqual(open)
    await limit({ max_token_lifetime: '90d', networks: ['10.1.0.0/16', '10.0.0.0/8', '::ffff:127.0.0.1'] })
    await limit({ default_token_lifetime: '720h', approval: true })
    const { token } = await mint(ask, admin.token, elsewhere)
    const set = {
      ...open,
      max_token_lifetime: '2160h0m0s',
      default_token_lifetime: '720h0m0s',
      approval: true,
      networks: ['10.0.0.0/8', '127.0.0.1/32'],
    }
    expect(await policyOf(member.token)).toEqual(set)
    expectRefusal(await ask('GET', `/v1/orgs/${slug}/policy`, { token: stranger.token }), 403)
    expectRefusal(await ask('GET', `/v1/orgs/${slug}/policy`, { token }), 403)
    await limit({ max_token_lifetime: null, default_token_lifetime: null, networks: [] })
    expect(await policyOf()).toEqual({ ...open, approval: true })
  })

  test('is changed by admins alone, and by no token', async () => {
    const { token } = await mint(ask, admin.token, slug)
    const { token: other } = await mint(ask, admin.token, elsewhere)
    for (const who of [member.token, stranger.token, token, other]) {
      expectRefusal(await patch({ approval: true }, who), 403)
    }
    expect(await policyOf()).toEqual(open)
  })

  test.each([
    [{}, 400, 'field to change'],
    [{ approvals: true }, 400, 'approvals'],
    [{ max_token_lifetime: '0s' }, 400, 'max_token_lifetime'],
    [{ max_token_lifetime: '-1h' }, 400, 'max_token_lifetime'],
    [{ max_token_lifetime: '300y' }, 400, 'max_token_lifetime'],
    [{ max_token_lifetime: 90 }, 400, 'max_token_lifetime'],
    [{ approval: true, networks: ['10.0.0.0/8', 'office'] }, 400, 'networks.1 is no network'],
    [{ networks: ['10.0.0.1/8'] }, 400, 'networks.0'],
    [{ networks: Array.from({ length: 129 }, (_, at) => `10.0.${at}.0/24`) }, 400, 'networks'],
    [
      { approval: true, default_token_lifetime: '91d', max_token_lifetime: '90d' },
      422,
      'default_token_lifetime is 91 days',
    ],
  ])('stays as it is where the change is not valid: %j', async (body, status, words) => {
    expect(expectRefusal(await patch(body), status).message).toContain(words)
    expect(await policyOf()).toEqual(open)
  })

  test('is in the audit trail with its old and new values, once for each change', async () => {
    await limit({ max_token_lifetime: '90d', networks: ['10.0.0.0/8'] })
    await limit({ max_token_lifetime: '90d' })
    await limit({ max_token_lifetime: '30d', tokens_may_mint: false })
    const [second, first] = await events('organisation.limit')
    expect(first?.reason).toBe('max_token_lifetime: none → 90 days; networks: none → 10.0.0.0/8')
    expect(second?.reason).toBe('max_token_lifetime: 90 days → 30 days; tokens_may_mint: yes → no')
    expect(second?.actor.label).toBe(admin.email)
    await patch({ approval: true }, member.token)
    expect((await events('organisation.limit'))[0]).toMatchObject({ outcome: 'denied' })
  })

  test('is one with what the organization says of its tokens', async () => {
    await ask('PATCH', `/v1/orgs/${slug}`, { token: admin.token, body: { tokens_may_mint: false } })
    expect((await policyOf()).tokens_may_mint).toBe(false)
    expect((await events('organisation.update'))[0]?.reason).toBe('tokens_may_mint: yes → no')
    await limit({ tokens_may_mint: true, approval: true })
    const shown = await ask('GET', `/v1/orgs/${slug}`, { token: admin.token })
    expect(expectAnswer(routes.showOrganisation, shown).tokens_may_mint).toBe(true)
    await ask('PATCH', `/v1/orgs/${slug}`, { token: admin.token, body: { tokens_may_mint: false } })
    expect(await policyOf()).toEqual({ ...open, tokens_may_mint: false, approval: true })
  })
})

describe('a mint', () => {
  test('without an expiry takes the default, or the longest lifetime, or that of the installation', async () => {
    const seconds = async () => secondsOf(await mint(ask, admin.token, slug))
    expect(await seconds()).toBe(175_200 * 3600)
    await limit({ max_token_lifetime: '48h' })
    expect(await seconds()).toBe(48 * 3600)
    await limit({ default_token_lifetime: '24h' })
    expect(await seconds()).toBe(24 * 3600)
    const deploy = await ask('POST', `/v1/apps/${app}/deploy_token`, { token: admin.token, body: {} })
    expect(deploy.status).toBe(200)
    const query = `mutation($input: CreateLimitedAccessTokenInput!) {
      createLimitedAccessToken(input: $input) { limitedAccessToken { tokenHeader expiresAt } } }`
    const organizationId = slug
    const flyctl = (expiry: string) =>
      ask('POST', '/graphql', {
        token: admin.token,
        body: { query, variables: { input: { organizationId, name: 'x', profile: 'deploy_organization', expiry } } },
      })
    expect((await flyctl('')).text).toContain('tokenHeader":"FlyV1')
    // What flyctl asks for where nobody says.
    expect((await flyctl('175200h0m0s')).text).toContain('expiry is too long')
  })

  test('is refused beyond the longest lifetime, with the limit and who sets it', async () => {
    await limit({ max_token_lifetime: '90d' })
    const refused = expectRefusal(await mintWith(admin.token, { expiry: '91d' }), 422)
    expect(refused.field).toBe('expiry')
    expect(refused.message).toBe(
      `expiry is too long: organization ${slug} allows its tokens 90 days at most (max_token_lifetime, which its admins set)`,
    )
    expect((await mintWith(admin.token, { expiry: '90d' })).status).toBe(201)
    const { id } = await mint(ask, admin.token, slug, { expiry: '1h' })
    expect(expectRefusal(await rotate(id, { expiry: '91d' }), 422).field).toBe('expiry')
    const { token } = await mint(ask, admin.token, slug, { expiry: '1h' })
    // It ends with the token that mints it.
    expect((await mintWith(token, { expiry: '91d' })).status).toBe(201)
  })

  test('of an org token is for admins, where the organization wants that', async () => {
    await limit({ only_admins_mint: true })
    expect(expectRefusal(await mintWith(member.token), 403).message).toContain('only_admins_mint')
    const byMember = await mintWith(member.token, { profile: 'deploy', app })
    expect(byMember.status).toBe(201)
    const { token } = await mint(ask, admin.token, slug)
    expect((await mintWith(token)).status).toBe(201)
  })
})

describe('a token beyond a limit', () => {
  test('is blocked at every door, says why, and is good again when the limit is loosened', async () => {
    const { token, id } = await mint(ask, admin.token, slug, { expiry: '365d' })
    await limit({ max_token_lifetime: '90d' })
    const sentence = `token ${id} is valid for 365 days, longer than the 90 days that its organization allows: rotate it`
    for (const [method, path, body] of [
      ['GET', `/v1/orgs/${slug}`],
      ['GET', '/v1/orgs'],
      ['GET', `/v1/apps?org_slug=${slug}`],
      ['GET', `/v1/apps/${app}`],
      ['GET', `/v1/apps/${app}/machines`],
      ['GET', '/v1/tokens/current'],
      ['GET', '/v1/platform/regions'],
      ['GET', `/v1/tokens/${id}`],
      ['GET', `/v1/tokens/${id}/history`],
      ['GET', `/v1/orgs/${slug}/policy`],
      ['POST', `/v1/tokens/${id}/rotate`, {}],
      ['POST', `/v1/orgs/${slug}/tokens`, {}],
      ['POST', '/v1/apps', { app_name: unique('app'), org_slug: slug }],
      ['GET', '/api/v1/user'],
      ['GET', `/api/v1/apps/${app}`],
    ] as const) {
      const answer = await ask(method, path, body === undefined ? { token } : { token, body })
      if (!path.startsWith('/api/')) expect(expectBlocked(answer), path).toBe(sentence)
      expect(answer.text, path).not.toContain(slug)
      expect(answer.status, path).toBeGreaterThanOrEqual(400)
    }
    const graphql = await ask('POST', '/graphql', {
      token,
      body: { query: '{ viewer { __typename } apps { nodes { name } } }' },
    })
    expect(graphql.text).toContain('longer than the 90 days')
    expect(graphql.text).not.toContain(app)
    expect(expectBlocked(await ask('GET', '/v1/orgs', { token: readonlyOf(token) }))).toBe(sentence)
    await limit({ max_token_lifetime: '365d' })
    expect(await statusOf(ask, token)).toBe(200)
  })

  test('says in lists and alone which limit blocks it, and is no use of the organization while it is', async () => {
    const { id, token } = await mint(ask, admin.token, slug, { expiry: '365d' })
    const short = await mint(ask, admin.token, slug, { expiry: '1d' })
    expect(await reasonOf(id)).toBeUndefined()
    await limit({ max_token_lifetime: '90d' })
    await ask('GET', '/v1/orgs', { token })
    const list = await ask('GET', `/v1/orgs/${slug}/tokens?limit=1000`, { token: admin.token })
    const { tokens } = expectAnswer(routes.listOrganisationTokens, list)
    const blockOf = (wanted: string) => tokens.find((one) => one.id === wanted)?.blocked
    expect(blockOf(id)).toEqual((await show(id)).blocked)
    expect(blockOf(id)?.reason).toBe('max_token_lifetime')
    expect(blockOf(short.id)).toBeNull()
    const history = await ask('GET', `/v1/tokens/${id}/history`, { token: admin.token })
    expect(expectAnswer(routes.showTokenHistory, history).events[0]).toMatchObject({ outcome: 'denied' })
    await revoke(ask, admin.token, id)
    expect((await show(id)).blocked).toBeNull()
  })

  test('may end itself, but not when it is narrowed', async () => {
    const { token, id } = await mint(ask, admin.token, slug, { expiry: '365d' })
    await limit({ max_token_lifetime: '90d', networks: ['192.0.2.0/24'] })
    expectBlocked(await ask('DELETE', `/v1/tokens/${id}`, { token: readonlyOf(token) }))
    expect((await ask('DELETE', `/v1/tokens/${id}`, { token })).status).toBe(200)
    expect((await show(id)).state).toBe('revoked')
  })

  test('does not keep a good one beside it from counting, nor the other way round', async () => {
    const long = await mint(ask, admin.token, slug, { expiry: '365d' })
    const short = await mint(ask, admin.token, slug, { expiry: '1h' })
    await limit({ max_token_lifetime: '90d' })
    const both = `${long.token},${short.token.replace('FlyV1 ', '')}`
    expect((await ask('GET', `/v1/orgs/${slug}`, { token: both })).status).toBe(200)
    const current = await ask('GET', '/v1/tokens/current', { token: both })
    expect(expectAnswer(routes.showCurrentTokens, current).tokens.map(({ token_id }) => token_id)).toEqual([short.id])
  })

  test('counts for nothing where a service asks about it', async () => {
    const { token } = await mint(ask, admin.token, slug, { expiry: '365d' })
    await limit({ max_token_lifetime: '90d' })
    const authenticate = () => ask('POST', '/v1/tokens/authenticate', { body: { header: token } })
    const authorize = () =>
      ask('POST', '/v1/tokens/authorize', { body: { header: token, access: { action: 'r', org_slug: slug } } })
    expectBlocked(await authenticate())
    expectBlocked(await authorize())
    await limit(open)
    expect([(await authenticate()).status, (await authorize()).status]).toEqual([200, 200])
  })

  test('gets no discharge', async () => {
    const guarded = (await createOrganisation(ask, admin.token)).slug
    const set = async (body: object) =>
      void expectAnswer(routes.updateTokenPolicy, await patch(body, admin.token, guarded))
    await requireMembership(ask, admin.token, guarded, 'member')
    const { token } = await mint(ask, admin.token, guarded, { expiry: '365d' })
    await requireMembership(ask, admin.token, guarded, 'login')
    const { token: confirmed } = await mint(ask, admin.token, guarded, { expiry: '365d' })
    await discharge(ask, token)
    for (const limits of [{ max_token_lifetime: '90d' }, { networks: ['192.0.2.0/24'] }]) {
      await set(limits)
      expect((await takeTicket(ask, token)).text).toContain('token ')
      expect((await takeTicket(ask, token)).text).not.toContain('"discharge"')
      await expect(askForConfirmation(ask, confirmed)).rejects.toThrow()
      await set(open)
    }
    await discharge(ask, token)
  })

  test('is replaced by one within the limit, which a person makes', async () => {
    const { id } = await mint(ask, admin.token, slug, { expiry: '365d' })
    await limit({ max_token_lifetime: '90d' })
    const next = await rotated(id, { grace: '0' })
    expect([secondsOf(next), next.blocked]).toEqual([90 * 86_400, null])
    expect(await statusOf(ask, next.token)).toBe(200)
  })
})

describe('where only people mint', () => {
  test('what tokens minted is blocked, and what people made and rotated is not', async () => {
    const parent = await mint(ask, admin.token, slug, { expiry: '24h' })
    const child = expectAnswer(routes.createToken, await mintWith(parent.token))
    const grandchild = expectAnswer(routes.createToken, await mintWith(child.token))
    const next = await rotated(parent.id, {}, parent.token)
    const ofChild = await rotated(child.id, {}, next.token)
    await limit({ tokens_may_mint: false })
    for (const { token, id } of [child, grandchild, ofChild]) {
      expectBlocked(await ask('GET', `/v1/orgs/${slug}`, { token }))
      expect(await reasonOf(id)).toBe('tokens_may_mint')
    }
    for (const { token } of [parent, next]) expect(await statusOf(ask, token)).toBe(200)
    expect(expectRefusal(await rotate(ofChild.id), 403).message).toContain('tokens_may_mint')
    expectRefusal(await mintWith(parent.token), 403)
    expectRefusal(await rotate(next.id, {}, next.token), 403)
    await limit({ tokens_may_mint: true })
    for (const { token } of [child, grandchild, ofChild]) expect(await statusOf(ask, token)).toBe(200)
  })
})

describe('where only admins mint org tokens', () => {
  test('those of members are blocked, of former members too, with what they minted; deploy tokens are not', async () => {
    const ofMember = await mint(ask, member.token, slug)
    const deploy = await mint(ask, member.token, slug, { profile: 'deploy', app })
    const child = expectAnswer(routes.createToken, await mintWith(ofMember.token))
    const ofAdmin = await mint(ask, admin.token, slug)
    await limit({ only_admins_mint: true })
    for (const { token, id } of [ofMember, child]) {
      expectBlocked(await ask('GET', `/v1/orgs/${slug}`, { token }))
      expect(await reasonOf(id)).toBe('only_admins_mint')
    }
    expect([await statusOf(ask, ofAdmin.token), await statusOf(ask, deploy.token)]).toEqual([200, 200])
    const role = (to: string) =>
      ask('PATCH', memberPath(slug, member.email), { token: admin.token, body: { role: to } })
    await role('admin')
    expect(await statusOf(ask, ofMember.token)).toBe(200)
    await role('member')
    expect(await statusOf(ask, ofMember.token)).toBe(403)
    expectRefusal(await rotate(ofMember.id, {}, member.token), 403)
    expect((await rotated(ofMember.id)).blocked).toBeNull()
  })
})

describe('where an admin must approve', () => {
  test('what no admin made waits, until an admin says so', async () => {
    const before = await mint(ask, member.token, slug)
    await limit({ approval: true })
    const ofAdmin = await mint(ask, admin.token, slug)
    const pending = await mint(ask, member.token, slug)
    expect(pending.blocked?.reason).toBe('approval')
    expect([await statusOf(ask, before.token), await statusOf(ask, ofAdmin.token)]).toEqual([200, 200])
    expect(expectBlocked(await ask('GET', '/v1/orgs', { token: pending.token }))).toContain('is not approved yet')
    const waiting = async () => {
      const query = '?approval=pending&search=' + pending.id
      const answer = await ask('GET', `/v1/orgs/${slug}/tokens${query}`, { token: admin.token })
      return expectAnswer(routes.listOrganisationTokens, answer).tokens.map(({ id }) => id)
    }
    expect(await waiting()).toEqual([pending.id])
    const child = expectAnswer(routes.createToken, await mintWith(ofAdmin.token))
    for (const who of [member.token, stranger.token, pending.token, ofAdmin.token, child.token]) {
      expectRefusal(await approve(pending.id, who), 403)
    }
    expect(expectAnswer(routes.approveToken, await approve(pending.id)).blocked).toBeNull()
    expect((await approve(pending.id)).status).toBe(200)
    expect(await waiting()).toEqual([])
    expect(await statusOf(ask, pending.token)).toBe(200)
    expect(await statusOf(ask, child.token)).toBe(403)
    expect(await events('token.approve')).toMatchObject([
      { outcome: 'allowed', actor: { label: admin.email }, target: `token ${pending.id}` },
      ...Array.from({ length: 5 }, () => ({ outcome: 'denied' })),
    ])
    await revoke(ask, admin.token, child.id)
    expectRefusal(await approve(child.id), 409)
    expectRefusal(await approve('11111111-1111-5111-8111-111111111111'), 404)
  })

  test('pending tokens are good while approval is off, and pending again when it is on', async () => {
    await limit({ approval: true })
    const pending = await mint(ask, member.token, slug)
    await limit({ approval: false })
    expect(await statusOf(ask, pending.token)).toBe(200)
    const child = expectAnswer(routes.createToken, await mintWith(pending.token))
    const ofMember = await mint(ask, member.token, slug)
    await limit({ approval: true })
    // What a pending token makes is not better than it.
    for (const { token } of [pending, child]) expect(await statusOf(ask, token)).toBe(403)
    expect(await statusOf(ask, ofMember.token)).toBe(200)
  })

  test('a successor is as approved as what it replaces, for as long', async () => {
    const old = await mint(ask, member.token, slug, { expiry: '24h' })
    await limit({ approval: true })
    const pending = await mint(ask, member.token, slug, { expiry: '24h' })
    expect((await rotated(pending.id, {}, member.token)).blocked?.reason).toBe('approval')
    const next = await rotated(old.id, {}, member.token)
    expect(next.blocked).toBeNull()
    const itself = await rotated(next.id, {}, next.token)
    expect(itself.blocked).toBeNull()
    const longer = await rotated(itself.id, { expiry: '48h' }, member.token)
    expect(longer.blocked?.reason).toBe('approval')
    expect((await rotated(longer.id, { expiry: '72h' })).blocked).toBeNull()
    // What a token mints waits, and so does what it makes of another's token.
    const [own, other] = [await mint(ask, member.token, slug), await mint(ask, admin.token, slug)]
    await approve(own.id)
    expect((await rotated(other.id, {}, own.token)).blocked?.reason).toBe('approval')
    const child = expectAnswer(routes.createToken, await mintWith(own.token))
    await approve(child.id)
    expect((await rotated(child.id, {}, own.token)).blocked).toBeNull()
    // Otherwise each member could have what an admin made for somebody else.
    const ofAdmin = await mint(ask, admin.token, slug, { expiry: '24h' })
    expect((await rotated(ofAdmin.id, {}, member.token)).blocked?.reason).toBe('approval')
  })
})

describe('where networks are limited', () => {
  test('tokens are good from there, by the address that trusted proxies report', async () => {
    const { token, id } = await mint(ask, admin.token, slug)
    await limit({ networks: ['10.0.0.0/8', '2001:db8::/32'] })
    const get = (path: string, address: string) => ask('GET', path, { token, ...from(address) })
    for (const address of ['10.1.2.3', '::ffff:10.0.0.1', '2001:db8::1']) {
      expect((await get(`/v1/orgs/${slug}`, address)).status).toBe(200)
    }
    for (const path of [`/v1/orgs/${slug}`, '/v1/orgs', '/v1/tokens/current', `/v1/tokens/${id}`]) {
      const answer = await get(path, '203.0.113.7')
      expect(expectBlocked(answer)).toContain('is not good from here')
      expect(answer.text).not.toContain(slug)
    }
    expect((await show(id)).blocked).toBeNull()
    // People are not tokens.
    expect((await ask('GET', `/v1/orgs/${slug}`, { token: member.token, ...from('203.0.113.7') })).status).toBe(200)
    expect((await ask('DELETE', `/v1/tokens/${id}`, { token, ...from('203.0.113.7') })).status).toBe(200)
  })

  test('a service says from where a token came to it, and is told the networks', async () => {
    const { token } = await mint(ask, admin.token, slug)
    await limit({ networks: ['10.0.0.0/8'] })
    const authorize = (more: object) =>
      ask('POST', '/v1/tokens/authorize', {
        body: { header: token, access: { action: 'r', org_slug: slug, ...more } },
        ...from('10.0.0.1'),
      })
    expect((await authorize({ source_address: '10.9.9.9' })).status).toBe(200)
    expectBlocked(await authorize({ source_address: '203.0.113.7' }))
    expectBlocked(await authorize({}))
    const networks = { type: 'Networks', body: { networks: ['10.0.0.0/8'] } }
    const told = await ask('POST', '/v1/tokens/authenticate', { body: { header: token }, ...from('203.0.113.7') })
    expect(expectAnswer(routes.authenticateTokens, told)[0]?.caveats.at(-1)).toEqual(networks)
  })
})

test('a token of another organization is not touched, and admins there decide nothing here', async () => {
  const { token } = await mint(ask, admin.token, elsewhere, { expiry: '365d' })
  await limit({ max_token_lifetime: '90d', approval: true, networks: ['192.0.2.0/24'] })
  expect(await statusOf(ask, token)).toBe(200)
  const pending = await mint(ask, member.token, slug, { expiry: '1h' })
  const outsider = (await createOrganisation(ask, stranger.token)).slug
  expectRefusal(await approve(pending.id, stranger.token), 403)
  expectRefusal(await patch(open, stranger.token), 403)
  expect((await patch({ approval: true }, stranger.token, outsider)).status).toBe(200)
})
