// What ends a token: revocation, for every copy of it, and the end of the app or organisation that it is for.
import { describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'
import { actions } from '@hallpass/macaroon'

import { expectAnswer, expectRefusal } from './http.ts'
import { bundle, endingAt, narrow, nowInSeconds, onlyFor, readonlyOf } from './macaroons.ts'
import { createApp, createOrganisation, mint, revoke, signUpInto, statusOf } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

const { all } = actions

const prepared = prepareAuthority()
const { authority, ask, admin } = prepared
const slug = prepareOrganisation(prepared)

describe('what ends a token', () => {
  test('revoking kills the copies that were attenuated from it, and only those', async () => {
    const token = await mint(ask, admin.token, slug)
    const bystander = await mint(ask, admin.token, slug)
    const copies = [token.token, readonlyOf(token.token), endingAt(readonlyOf(token.token), nowInSeconds() + 60)]
    for (const copy of copies) expect(await statusOf(ask, copy)).toBe(200)
    await revoke(ask, admin.token, token.id)
    for (const copy of copies) expectRefusal(await ask('GET', '/v1/orgs', { token: copy }), 401)
    expect(await statusOf(ask, bystander.token)).toBe(200)
  })

  /** A token, one that it minted, and so on. */
  async function mintLine(length: number) {
    const line = [await mint(ask, admin.token, slug)]
    for (let at = 1; at < length; at++) line.push(await mint(ask, line[at - 1]?.token ?? '', slug))
    return line
  }

  test('what a token has minted dies with it, and what that has minted', async () => {
    const line = await mintLine(3)
    const [first, second, third] = line
    const copy = readonlyOf(third?.token ?? '')
    const other = await mint(ask, admin.token, slug)
    const answer = expectAnswer(
      routes.revokeToken,
      await ask('DELETE', `/v1/tokens/${first?.id}`, { token: admin.token }),
    )
    expect(answer).toMatchObject({ id: first?.id, revoked_descendants: 2, more_descendants: false })
    for (const { token } of [...line, { token: copy }]) expect(await statusOf(ask, token)).toBe(401)
    expect(await statusOf(ask, other.token)).toBe(200)
    const shown = expectAnswer(routes.showToken, await ask('GET', `/v1/tokens/${third?.id}`, { token: admin.token }))
    expect(shown).toMatchObject({
      state: 'revoked',
      minted_by: second?.id,
      revoked_by: `ada@example.com, with token ${first?.id}`,
    })
    const { events } = expectAnswer(
      routes.listAuditEvents,
      await ask('GET', `/v1/orgs/${slug}/audit?limit=1`, { token: admin.token }),
    )
    expect(events).toMatchObject([
      { operation: 'token.revoke', target: `token ${first?.id}`, reason: 'with the 2 tokens that it minted' },
    ])
  })

  test('what a token has minted can be kept, and is revoked with a token above it', async () => {
    const [first, second, third] = await mintLine(3)
    // Where it is not looked for, it must not be overlooked.
    expectRefusal(await ask('DELETE', `/v1/tokens/${second?.id}?descendants=keep`, { token: admin.token }), 400)
    const kept = await ask('DELETE', `/v1/tokens/${second?.id}`, { token: admin.token, body: { descendants: 'keep' } })
    expect(expectAnswer(routes.revokeToken, kept).revoked_descendants).toBe(0)
    expect(await statusOf(ask, second?.token ?? '')).toBe(401)
    expect(await statusOf(ask, third?.token ?? '')).toBe(200)
    const answer = expectAnswer(
      routes.revokeToken,
      await ask('DELETE', `/v1/tokens/${first?.id}`, { token: admin.token }),
    )
    expect(answer.revoked_descendants).toBe(1)
    expect(await statusOf(ask, third?.token ?? '')).toBe(401)
    expectRefusal(
      await ask('DELETE', `/v1/tokens/${first?.id}`, { token: admin.token, body: { descendants: 'some' } }),
      400,
    )
  })

  test('who asks again ends what was spared the first time', async () => {
    const [first, second] = await mintLine(2)
    await ask('DELETE', `/v1/tokens/${first?.id}`, { token: admin.token, body: { descendants: 'keep' } })
    const again = expectAnswer(
      routes.revokeToken,
      await ask('DELETE', `/v1/tokens/${first?.id}`, { token: admin.token }),
    )
    expect(again.revoked_descendants).toBe(1)
    expect(await statusOf(ask, second?.token ?? '')).toBe(401)
  })

  test('what flyctl revokes takes along what it minted', async () => {
    const [first, second] = await mintLine(2)
    const query = `mutation { deleteLimitedAccessToken(input: { id: "${first?.id}" }) { token } }`
    expect((await ask('POST', '/graphql', { token: admin.token, body: { query } })).body).not.toHaveProperty('errors')
    expect(await statusOf(ask, second?.token ?? '')).toBe(401)
  })

  test('no token that is minted while its minter is revoked lives on', async () => {
    const minter = await mint(ask, admin.token, slug)
    const body = { name: 'race' }
    const tries = Array.from({ length: 12 }, () =>
      ask('POST', `/v1/orgs/${slug}/tokens`, { token: minter.token, body }),
    )
    const revoked = ask('DELETE', `/v1/tokens/${minter.id}`, { token: admin.token })
    tries.push(
      ...Array.from({ length: 12 }, () => ask('POST', `/v1/orgs/${slug}/tokens`, { token: minter.token, body })),
    )
    expect((await revoked).status).toBe(200)
    for (const { status, body: answer } of await Promise.all(tries)) {
      expect([201, 401]).toContain(status)
      if (status === 201) expect(await statusOf(ask, (answer as { token: string }).token)).toBe(401)
    }
  })

  test('more than is revoked in one go is dead before the answer, and counted', async () => {
    const minter = await mint(ask, admin.token, slug)
    const minted = await Promise.all(Array.from({ length: 230 }, () => mint(ask, minter.token, slug)))
    const answer = expectAnswer(
      routes.revokeToken,
      await ask('DELETE', `/v1/tokens/${minter.id}`, { token: admin.token }),
    )
    expect(answer).toMatchObject({ revoked_descendants: 230, more_descendants: false })
    for (const { token } of minted) expect(await statusOf(ask, token)).toBe(401)
  })

  test('many who revoke one token at once leave one event', async () => {
    const { id } = await mint(ask, admin.token, slug)
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ask('DELETE', `/v1/tokens/${id}`, { token: admin.token })),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
    const { events } = expectAnswer(
      routes.showTokenHistory,
      await ask('GET', `/v1/tokens/${id}/history`, { token: admin.token }),
    )
    expect(events.map(({ operation }) => operation)).toEqual(['token.revoke', 'token.mint'])
  })

  test('a token revokes itself as it was minted, with or without the scheme, and alone', async () => {
    const { id, token } = await mint(ask, admin.token, slug)
    const other = await mint(ask, admin.token, slug)
    const answer = expectAnswer(
      routes.revokeToken,
      await ask('DELETE', `/v1/tokens/${id}`, { token: bundle(readonlyOf(other.token), token) }),
    )
    expect(answer).toMatchObject({ id, state: 'revoked', revoked_by: `token ${id}` })
    expect(await statusOf(ask, token)).toBe(401)
    // A deploy token may not write to its organisation, and a LiteFS token to nothing here.
    const app = await createApp(ask, admin.token, slug)
    for (const body of [
      { profile: 'deploy', app: app.name },
      { profile: 'litefs_cloud', cluster: 'main' },
    ] as const) {
      const minted = await mint(ask, admin.token, slug, body)
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
    const { id, token } = await mint(ask, admin.token, slug)
    expectRefusal(await ask('DELETE', `/v1/tokens/${id}`, { token: narrowed(token) }), 403)
    expectRefusal(await ask('DELETE', `/v1/tokens/${id}`, { token: bundle(narrowed(token), readonlyOf(token)) }), 403)
    const mutation = { query: `mutation { deleteLimitedAccessToken(input: { id: "${id}" }) { token } }` }
    const answered = (await ask('POST', '/graphql', { token: narrowed(token), body: mutation })).body
    expect(answered).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] })
    expect(await statusOf(ask, token)).toBe(200)
  })

  test('a copy whose caveats still allow writing ends it', async () => {
    const { id, token } = await mint(ask, admin.token, slug)
    await revoke(ask, endingAt(token, nowInSeconds() + 60), id)
    expect(await statusOf(ask, token)).toBe(401)
  })

  test('a copy that reaches nothing is not shown the token that it comes from', async () => {
    const { id, token } = await mint(ask, admin.token, slug)
    expectRefusal(await ask('GET', `/v1/tokens/${id}`, { token: onlyFor(token) }), 403)
    expect((await ask('GET', `/v1/tokens/${id}`, { token: readonlyOf(token) })).status).toBe(200)
  })

  test('a copy that is narrowed to the apps of others does not learn their names', async () => {
    const elsewhere = await createOrganisation(ask, admin.token)
    const foreign = await createApp(ask, admin.token, elsewhere.slug)
    const own = await createApp(ask, admin.token, slug)
    const { token } = await mint(ask, admin.token, slug)
    const ids = [foreign.internal_numeric_id, own.internal_numeric_id]
    const narrowed = narrow(token, { type: 'Apps', apps: new Map(ids.map((id) => [BigInt(id), all])) })
    const { tokens } = expectAnswer(
      routes.showCurrentTokens,
      await ask('GET', '/v1/tokens/current', { token: narrowed }),
    )
    expect(tokens.map(({ apps }) => apps)).toEqual([[own.name]])
  })

  test('the first revocation stands', async () => {
    const { id } = await mint(ask, admin.token, slug)
    const revoker = await mint(ask, admin.token, slug)
    const first = expectAnswer(routes.revokeToken, await ask('DELETE', `/v1/tokens/${id}`, { token: revoker.token }))
    const second = expectAnswer(routes.revokeToken, await ask('DELETE', `/v1/tokens/${id}`, { token: admin.token }))
    expect(second).toEqual(first)
    expect(first.revoked_by).toBe(`token ${revoker.id}`)
  })

  test('who has left an organisation revokes nothing there any more, not even what they made', async () => {
    const leaver = await signUpInto(ask, admin.token, slug)
    const own = await mint(ask, leaver.token, slug)
    expect((await ask('DELETE', `/v1/orgs/${slug}/members/${leaver.email}`, { token: leaver.token })).status).toBe(204)
    // Tokens belong to the organisation: they outlive the membership of the person who made them.
    expect(await statusOf(ask, own.token)).toBe(200)
    expectRefusal(await ask('POST', `/v1/orgs/${slug}/tokens`, { token: leaver.token, body: {} }), 403)
    for (const method of ['GET', 'DELETE'] as const) {
      expectRefusal(await ask(method, `/v1/tokens/${own.id}`, { token: leaver.token }), 403)
    }
    expect(await statusOf(ask, own.token)).toBe(200)
    // The token itself still may.
    await revoke(ask, own.token, own.id)
    expect(await statusOf(ask, own.token)).toBe(401)
  })

  test('deleting an app revokes its deploy tokens and what they minted, and leaves the organisation’s', async () => {
    const app = await createApp(ask, admin.token, slug)
    const [listed, machines, other] = [
      await mint(ask, admin.token, slug, { profile: 'deploy', app: app.name }),
      expectAnswer(
        routes.createDeployToken,
        await ask('POST', `/v1/apps/${app.name}/deploy_token`, {
          token: admin.token,
          body: { expiry: 3_600_000_000_000 },
        }),
      ),
      await mint(ask, admin.token, slug),
    ]
    const minted = await mint(ask, listed.token, slug, { profile: 'deploy', app: app.name })
    const byOther = await mint(ask, other.token, slug, { profile: 'deploy', app: app.name })
    expect((await ask('DELETE', `/v1/apps/${app.name}`, { token: listed.token })).status).toBe(202)
    expect(await statusOf(ask, minted.token)).toBe(401)
    expect(await statusOf(ask, byOther.token)).toBe(401)
    expect(await statusOf(ask, listed.token)).toBe(401)
    expect(await statusOf(ask, machines.token)).toBe(401)
    expect(await statusOf(ask, other.token)).toBe(200)
    const record = expectAnswer(routes.showToken, await ask('GET', `/v1/tokens/${listed.id}`, { token: admin.token }))
    expect(record).toMatchObject({ state: 'revoked', app: null })
  })

  test('deleting an organisation ends its tokens, and no later one takes its id or brings them back', async () => {
    const doomed = await createOrganisation(ask, admin.token, 'Doomed')
    const { token } = await mint(ask, admin.token, doomed.slug)
    expect((await ask('DELETE', `/v1/orgs/${doomed.slug}`, { token: admin.token })).status).toBe(204)
    const successor = await createOrganisation(ask, admin.token, 'Doomed')
    expect(successor.slug).toBe(doomed.slug)
    expect(successor.internal_numeric_id).toBeGreaterThan(doomed.internal_numeric_id)
    expectRefusal(await ask('GET', `/v1/orgs/${successor.slug}`, { token }), 401)
  })

  test('an app that takes the name of a deleted one is not reached by what was narrowed to the old one', async () => {
    const org = (await mint(ask, admin.token, slug)).token
    const first = await createApp(ask, admin.token, slug, 'phoenix')
    const narrowed = onlyFor(org, first.internal_numeric_id)
    expect((await ask('GET', '/v1/apps/phoenix', { token: narrowed })).status).toBe(200)
    expect((await ask('DELETE', '/v1/apps/phoenix', { token: narrowed })).status).toBe(202)
    // The id is not given out again, not even after a restart with the newest row gone.
    await authority.restart()
    const second = await createApp(ask, admin.token, slug, 'phoenix')
    expect(second.internal_numeric_id).toBeGreaterThan(first.internal_numeric_id)
    expectRefusal(await ask('GET', '/v1/apps/phoenix', { token: narrowed }), 403)
  })

  test('a holder who sets an end in the distant past gets an error, and nothing breaks', async () => {
    const { token } = await mint(ask, admin.token, slug)
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
