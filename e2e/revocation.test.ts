// What ends a token: revocation, for every copy of it, and the end of the app or organisation that it is for.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'
import { actions } from '@hallpass/macaroon'

import { startAuthority, type TestAuthority } from './authority.ts'
import { expectAnswer, expectRefusal, type Ask } from './http.ts'
import { bundle, endingAt, narrow, nowInSeconds, onlyFor, readonlyOf } from './macaroons.ts'
import { createApp, createOrganisation, mint, revoke, signInFounder, signUpInto, statusOf } from './people.ts'

const { all } = actions

let authority: TestAuthority
let ask: Ask
let admin: string
let slug: string
beforeAll(async () => {
  authority = await startAuthority()
  ask = authority.ask
  admin = (await signInFounder(ask)).token
  slug = (await createOrganisation(ask, admin, 'Acme')).slug
})
afterAll(() => authority.close())

describe('what ends a token', () => {
  test('revoking kills the copies that were attenuated from it, and only those', async () => {
    const token = await mint(ask, admin, slug)
    const bystander = await mint(ask, admin, slug)
    const copies = [token.token, readonlyOf(token.token), endingAt(readonlyOf(token.token), nowInSeconds() + 60)]
    for (const copy of copies) expect(await statusOf(ask, copy)).toBe(200)
    await revoke(ask, admin, token.id)
    for (const copy of copies) expectRefusal(await ask('GET', '/v1/orgs', { token: copy }), 401)
    expect(await statusOf(ask, bystander.token)).toBe(200)
  })

  test('what a token has minted lives on when the minter is revoked: a minted token is one of its own', async () => {
    const minter = await mint(ask, admin, slug)
    const minted = await mint(ask, minter.token, slug)
    await revoke(ask, admin, minter.id)
    expect(await statusOf(ask, minter.token)).toBe(401)
    expect(await statusOf(ask, minted.token)).toBe(200)
    const shown = expectAnswer(routes.showToken, await ask('GET', `/v1/tokens/${minted.id}`, { token: admin }))
    // That it can be found: the list says who minted it.
    expect(shown.minted_by).toBe(minter.id)
  })

  test('a token revokes itself as it was minted, with or without the scheme, and alone', async () => {
    const { id, token } = await mint(ask, admin, slug)
    const other = await mint(ask, admin, slug)
    const answer = expectAnswer(
      routes.revokeToken,
      await ask('DELETE', `/v1/tokens/${id}`, { token: bundle(readonlyOf(other.token), token) }),
    )
    expect(answer).toMatchObject({ id, state: 'revoked', revoked_by: `token ${id}` })
    expect(await statusOf(ask, token)).toBe(401)
    // A deploy token may not write to its organisation, and a LiteFS token to nothing here.
    const app = await createApp(ask, admin, slug)
    for (const body of [
      { profile: 'deploy', app: app.name },
      { profile: 'litefs_cloud', cluster: 'main' },
    ] as const) {
      const minted = await mint(ask, admin, slug, body)
      expect((await ask('GET', `/v1/tokens/${minted.id}`, { token: minted.token })).status).toBe(200)
      await revoke(ask, minted.token, minted.id)
      expect(await statusOf(ask, minted.token)).toBe(401)
    }
  })

  test.each([
    ['may only read', readonlyOf],
    ['may do everything but write', (token: string) => narrow(token, { type: 'Action', mask: all & ~actions.write })],
    [
      'may run one command',
      (token: string) => narrow(token, { type: 'Commands', commands: [{ args: ['ls'], exact: true }] }),
    ],
    ['reaches no app', (token: string) => onlyFor(token)],
    ['names a feature', (token: string) => narrow(token, { type: 'FeatureSet', features: new Map([['wg', all]]) })],
    [
      'is not understood',
      (token: string) => narrow(token, { type: 'Unknown', number: 9_999n, body: Uint8Array.of(0x90) }),
    ],
    [
      'begins only tomorrow',
      (token: string) =>
        narrow(token, {
          type: 'ValidityWindow',
          notBefore: BigInt(nowInSeconds() + 86_400),
          notAfter: BigInt(nowInSeconds() + 172_800),
        }),
    ],
    [
      'allows another mutation',
      (token: string) => narrow(token, { type: 'Mutations', mutations: ['addWireGuardPeer'] }),
    ],
  ] as const)('a copy that %s does not end the token that it comes from', async (_, narrowed) => {
    const { id, token } = await mint(ask, admin, slug)
    expectRefusal(await ask('DELETE', `/v1/tokens/${id}`, { token: narrowed(token) }), 403)
    expectRefusal(await ask('DELETE', `/v1/tokens/${id}`, { token: bundle(narrowed(token), readonlyOf(token)) }), 403)
    const mutation = { query: `mutation { deleteLimitedAccessToken(input: { id: "${id}" }) { token } }` }
    const answered = (await ask('POST', '/graphql', { token: narrowed(token), body: mutation })).body
    expect(answered).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] })
    expect(await statusOf(ask, token)).toBe(200)
  })

  test('a copy whose caveats still allow writing ends it', async () => {
    const { id, token } = await mint(ask, admin, slug)
    await revoke(ask, endingAt(token, nowInSeconds() + 60), id)
    expect(await statusOf(ask, token)).toBe(401)
  })

  test('a copy that reaches nothing is not shown the token that it comes from', async () => {
    const { id, token } = await mint(ask, admin, slug)
    expectRefusal(await ask('GET', `/v1/tokens/${id}`, { token: onlyFor(token) }), 403)
    expect((await ask('GET', `/v1/tokens/${id}`, { token: readonlyOf(token) })).status).toBe(200)
  })

  test('a copy that is narrowed to the apps of others is not told their names', async () => {
    const elsewhere = await createOrganisation(ask, admin)
    const foreign = await createApp(ask, admin, elsewhere.slug)
    const own = await createApp(ask, admin, slug)
    const { token } = await mint(ask, admin, slug)
    const ids = [foreign.internal_numeric_id, own.internal_numeric_id]
    const narrowed = narrow(token, { type: 'Apps', apps: new Map(ids.map((id) => [BigInt(id), all])) })
    const { tokens } = expectAnswer(
      routes.showCurrentTokens,
      await ask('GET', '/v1/tokens/current', { token: narrowed }),
    )
    expect(tokens.map(({ apps }) => apps)).toEqual([[own.name]])
  })

  test('the first revocation stands', async () => {
    const { id } = await mint(ask, admin, slug)
    const revoker = await mint(ask, admin, slug)
    const first = expectAnswer(routes.revokeToken, await ask('DELETE', `/v1/tokens/${id}`, { token: revoker.token }))
    const second = expectAnswer(routes.revokeToken, await ask('DELETE', `/v1/tokens/${id}`, { token: admin }))
    expect(second).toEqual(first)
    expect(first.revoked_by).toBe(`token ${revoker.id}`)
  })

  test('who has left an organisation revokes nothing there any more, not even what they made', async () => {
    const leaver = await signUpInto(ask, admin, slug)
    const own = await mint(ask, leaver.token, slug)
    expect((await ask('DELETE', `/v1/orgs/${slug}/members/${leaver.email}`, { token: leaver.token })).status).toBe(204)
    // Tokens belong to the organisation: they outlive the membership of whoever made them.
    expect(await statusOf(ask, own.token)).toBe(200)
    expectRefusal(await ask('POST', `/v1/orgs/${slug}/tokens`, { token: leaver.token, body: {} }), 403)
    for (const method of ['GET', 'DELETE'] as const) {
      expectRefusal(await ask(method, `/v1/tokens/${own.id}`, { token: leaver.token }), 403)
    }
    expect(await statusOf(ask, own.token)).toBe(200)
    // Whoever holds the token itself still may.
    await revoke(ask, own.token, own.id)
    expect(await statusOf(ask, own.token)).toBe(401)
  })

  test('deleting an app revokes its deploy tokens, and leaves the organisation’s', async () => {
    const app = await createApp(ask, admin, slug)
    const [listed, machines, other] = [
      await mint(ask, admin, slug, { profile: 'deploy', app: app.name }),
      expectAnswer(
        routes.createDeployToken,
        await ask('POST', `/v1/apps/${app.name}/deploy_token`, { token: admin, body: { expiry: 3_600_000_000_000 } }),
      ),
      await mint(ask, admin, slug),
    ]
    expect((await ask('DELETE', `/v1/apps/${app.name}`, { token: listed.token })).status).toBe(202)
    expect(await statusOf(ask, listed.token)).toBe(401)
    expect(await statusOf(ask, machines.token)).toBe(401)
    expect(await statusOf(ask, other.token)).toBe(200)
    const record = expectAnswer(routes.showToken, await ask('GET', `/v1/tokens/${listed.id}`, { token: admin }))
    expect(record).toMatchObject({ state: 'revoked', app: null })
  })

  test('deleting an organisation ends its tokens, and no later one takes its id or brings them back', async () => {
    const doomed = await createOrganisation(ask, admin, 'Doomed')
    const { token } = await mint(ask, admin, doomed.slug)
    expect((await ask('DELETE', `/v1/orgs/${doomed.slug}`, { token: admin })).status).toBe(204)
    const successor = await createOrganisation(ask, admin, 'Doomed')
    expect(successor.slug).toBe(doomed.slug)
    expect(successor.internal_numeric_id).toBeGreaterThan(doomed.internal_numeric_id)
    expectRefusal(await ask('GET', `/v1/orgs/${successor.slug}`, { token }), 401)
  })

  test('an app that takes the name of a deleted one is not reached by what was narrowed to the old one', async () => {
    const org = (await mint(ask, admin, slug)).token
    const first = await createApp(ask, admin, slug, 'phoenix')
    const narrowed = onlyFor(org, first.internal_numeric_id)
    expect((await ask('GET', '/v1/apps/phoenix', { token: narrowed })).status).toBe(200)
    expect((await ask('DELETE', '/v1/apps/phoenix', { token: narrowed })).status).toBe(202)
    // The id is not given out again, not even after a restart with the newest row gone.
    await authority.restart()
    const second = await createApp(ask, admin, slug, 'phoenix')
    expect(second.internal_numeric_id).toBeGreaterThan(first.internal_numeric_id)
    expectRefusal(await ask('GET', '/v1/apps/phoenix', { token: narrowed }), 403)
  })

  test('a holder who sets an end in the dim past is told so, and nothing breaks', async () => {
    const { token } = await mint(ask, admin, slug)
    for (const end of [0n, -1n, -(2n ** 53n), -(2n ** 63n)]) {
      const copy = narrow(token, { type: 'ValidityWindow', notBefore: -(2n ** 63n), notAfter: end })
      expectRefusal(await ask('GET', '/v1/orgs', { token: copy }), 401)
    }
    const distant = endingAt(token, 2n ** 62n)
    expect(await statusOf(ask, distant)).toBe(200)
    const minted = await mint(ask, distant, slug, { expiry: '100y' })
    expect(Date.parse(minted.expires_at)).toBeLessThan(Date.now() + 21 * 366 * 86_400_000)
  })
})
