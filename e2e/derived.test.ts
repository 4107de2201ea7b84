// One token of those that a holder narrowed is revoked: it dies with all that was made of it, and the others live.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'
import { derivedTokenId } from '@hallpass/macaroon'

import { expectAnswer, expectRefusal } from './http.ts'
import { bundle, endingAt, forge, narrow, nowInSeconds, readMacaroon, readonlyOf } from './macaroons.ts'
import { createApp, createOrganisation, mint, revoke, statusOf } from './people.ts'
import { prepareAuthority, prepareOrganisation, preparePerson } from './prepare.ts'

const prepared = prepareAuthority()
const { ask, admin, authority } = prepared
const slug = prepareOrganisation(prepared)
const member = preparePerson(prepared, slug)

const idBytes = (id: string) => Buffer.from(id.replaceAll('-', ''), 'hex')
const nameOf = (token: string) => derivedTokenId(readMacaroon(token))
const labelled = (token: string, agent: string) => narrow(token, { type: 'RunLabel', agent, run: '', onBehalfOf: '' })
const kill = (token: string, derived: string) => ask('POST', '/v1/tokens/revoke-derived', { token, body: { derived } })
const statusesOf = (tokens: readonly string[]) => Promise.all(tokens.map((token) => statusOf(ask, token)))

async function auditOf(id: string) {
  const answer = await ask('GET', `/v1/tokens/${id}/history`, { token: admin.token })
  return expectAnswer(routes.showTokenHistory, answer).events
}

describe('a derived token', () => {
  test('is revoked by its name or by itself: it dies with what was derived from it, and its siblings and its parent live', async () => {
    for (const given of [nameOf, (token: string) => token, (token: string) => `export TOKEN="${token}"`]) {
      const root = await mint(ask, admin.token, slug)
      const child = labelled(root.token, 'one')
      const below = [readonlyOf(child), endingAt(readonlyOf(child), nowInSeconds() + 60)]
      const spared = [root.token, labelled(root.token, 'two'), readonlyOf(root.token)]
      expect(await statusesOf([child, ...below, ...spared])).toEqual([200, 200, 200, 200, 200, 200])
      const answer = expectAnswer(routes.revokeDerivedToken, await kill(member.token, given(child)))
      expect(answer).toMatchObject({
        id: nameOf(child),
        token_id: root.id,
        org_slug: slug,
        revoked_by: `${member.email} (unproven)`,
        revoked_descendants: 0,
        more_descendants: false,
      })
      expect(await statusesOf([child, ...below])).toEqual([401, 401, 401])
      expect(await statusesOf(spared)).toEqual([200, 200, 200])
      const refused = expectRefusal(await ask('GET', '/v1/orgs', { token: below[1] ?? '' }), 401)
      expect(refused.error).toContain(`${nameOf(child)}, derived from token ${root.id}, is revoked since 2`)
      const shown = expectAnswer(routes.showToken, await ask('GET', `/v1/tokens/${root.id}`, { token: admin.token }))
      expect(shown).toMatchObject({
        state: 'live',
        revoked_derived: [{ id: nameOf(child), revoked_by: answer.revoked_by, revoked_at: answer.revoked_at }],
      })
      // Asking again succeeds, and changes nothing.
      const again = expectAnswer(routes.revokeDerivedToken, await kill(admin.token, given(child)))
      expect(again).toMatchObject({ revoked_by: answer.revoked_by, revoked_at: answer.revoked_at })
      const events = (await auditOf(root.id)).filter(({ operation }) => operation === 'token.revoke_derived')
      expect(events).toMatchObject([{ target: `token ${root.id}`, reason: nameOf(child), outcome: 'allowed' }])
    }
  })

  test('is dead at every door', async () => {
    const root = await mint(ask, admin.token, slug)
    const app = await createApp(ask, admin.token, slug)
    const child = labelled(root.token, 'x')
    const access = { app_name: app.name, action: 'r' }
    const doors = async (token: string) => {
      const graphql = await ask('POST', '/graphql', { token, body: { query: '{ viewer { __typename } }' } })
      const asked = [
        await ask('GET', `/v1/apps/${app.name}`, { token }),
        await ask('GET', `/v1/apps/${app.name}/machines`, { token }),
        await ask('POST', '/v1/tokens/authenticate', { token: admin.token, body: { header: token } }),
        await ask('POST', '/v1/tokens/authorize', { token: admin.token, body: { header: token, access } }),
        await ask('GET', `/authorize?app_name=${app.name}&action=r`, { token }),
        await ask('GET', '/v1/tokens/current', { token }),
      ]
      return { statuses: asked.map(({ status }) => status), graphql: JSON.stringify(graphql.body) }
    }
    const before = await doors(child)
    expect(before.statuses.filter((status) => status === 401)).toEqual([])
    expectAnswer(routes.revokeDerivedToken, await kill(admin.token, nameOf(child)))
    const after = await doors(child)
    expect(after.statuses).toEqual([401, 401, 401, 401, 401, 401])
    expect(after.graphql).toContain('UNAUTHORIZED')
    const live = await doors(root.token)
    expect(live.statuses).toEqual(before.statuses)
  })

  test('beside a live one in a header counts for nothing, and the live one counts', async () => {
    const root = await mint(ask, admin.token, slug)
    const [dead, live] = [labelled(root.token, 'dead'), labelled(root.token, 'live')]
    expectAnswer(routes.revokeDerivedToken, await kill(admin.token, dead))
    const body = { header: bundle(dead, live) }
    const answer = expectAnswer(
      routes.authenticateTokens,
      await ask('POST', '/v1/tokens/authenticate', { token: admin.token, body }),
    )
    expect(answer).toHaveLength(1)
    expect(await statusOf(ask, bundle(dead, live))).toBe(200)
    expect(await statusOf(ask, bundle(dead, dead))).toBe(401)
  })

  test('may end itself, and what it was derived to; neither its parent nor its siblings', async () => {
    const root = await mint(ask, admin.token, slug)
    const child = readonlyOf(root.token)
    const [one, two] = [labelled(child, 'one'), labelled(child, 'two')]
    for (const victim of [nameOf(child), child, nameOf(two), two, nameOf(root.token)]) {
      expectRefusal(await kill(one, victim), 403)
    }
    expect(await statusesOf([root.token, child, one, two])).toEqual([200, 200, 200, 200])
    // By its name alone, nobody knows that it was derived from this one.
    expectRefusal(await kill(child, nameOf(two)), 403)
    expectAnswer(routes.revokeDerivedToken, await kill(child, two))
    expect(await statusesOf([root.token, child, one, two])).toEqual([200, 200, 200, 401])
    expect(expectAnswer(routes.revokeDerivedToken, await kill(one, nameOf(one))).revoked_by).toBe(`token ${root.id}`)
    expectAnswer(routes.revokeDerivedToken, await kill(root.token, nameOf(child)))
    expect(await statusesOf([root.token, child, one, two])).toEqual([200, 401, 401, 401])
    // It is dead, so it asks for nothing any more.
    expectRefusal(await kill(one, nameOf(one)), 401)
  })

  test('leaves revocations to those who may revoke the token that it comes from', async () => {
    const root = await mint(ask, admin.token, slug)
    const child = readonlyOf(root.token)
    const [one, two] = [labelled(child, 'one'), labelled(child, 'two')]
    const revoked = (count: number) =>
      authority.inspect((database) => {
        database.prepare('update tokens set revoked_derived = ? where id = ?').run(count, idBytes(root.id))
      })
    revoked(899)
    expectAnswer(routes.revokeDerivedToken, await kill(child, one))
    expect(expectRefusal(await kill(child, two), 409).error).toContain('900 tokens')
    expectRefusal(await kill(child, nameOf(child)), 409)
    expectAnswer(routes.revokeDerivedToken, await kill(root.token, nameOf(two)))
    expectAnswer(routes.revokeDerivedToken, await kill(admin.token, nameOf(child)))
    expect(await statusesOf([root.token, child, one, two])).toEqual([200, 401, 401, 401])
  })

  test('is not of strangers to revoke, and says nothing to them', async () => {
    const root = await mint(ask, admin.token, slug)
    const child = labelled(root.token, 'x')
    const other = await createOrganisation(ask, admin.token)
    const stranger = await mint(ask, admin.token, other.slug)
    const refusals = await Promise.all([
      kill(stranger.token, child),
      kill(stranger.token, nameOf(child)),
      kill(stranger.token, forge(child)),
    ])
    expect(new Set(refusals.map((answer) => expectRefusal(answer, 403).error)).size).toBe(1)
    expect(await statusOf(ask, child)).toBe(200)
  })

  test('is given whole, genuine, alone and narrowed; answers repeat nothing of it', async () => {
    const root = await mint(ask, admin.token, slug)
    const child = labelled(root.token, 'x')
    const cases = [
      [child.slice(0, -20), 'is damaged or not whole'],
      [forge(child), 'is not genuine'],
      [root.token, `is token ${root.id} as it was minted: revoke it by that id`],
      [bundle(child, readonlyOf(root.token)), 'more than one token'],
      [`${child} dt_${Buffer.alloc(32, 7).toString('base64url')}`, 'more than one token'],
      ['dt_x', 'holds neither a token nor the name of one'],
      [admin.token, 'holds neither a token nor the name of one'],
    ] as const
    for (const [given, why] of cases) {
      const answer = await kill(admin.token, given)
      const { error } = expectRefusal(answer, 422)
      expect(error).toContain(why)
      expect(answer.text).not.toContain(given.slice(-30))
    }
    expect(await statusesOf([root.token, child])).toEqual([200, 200])
    const unknown = `dt_${Buffer.alloc(32, 7).toString('base64url')}`
    expectRefusal(await kill(admin.token, unknown), 404)
  })

  test('takes with it what it minted and what that minted; whoever minted it is named with its name', async () => {
    const root = await mint(ask, admin.token, slug)
    const child = labelled(root.token, 'minter')
    const below = labelled(child, 'below')
    const minted = await mint(ask, child, slug)
    const mintedBelow = await mint(ask, below, slug)
    const further = await mint(ask, minted.token, slug)
    const rotated = expectAnswer(
      routes.rotateToken,
      await ask('POST', `/v1/tokens/${mintedBelow.id}/rotate`, { token: admin.token, body: { grace: '1h' } }),
    )
    const doomed = [child, below, minted.token, mintedBelow.token, further.token, rotated.token]
    const spared = [root.token, (await mint(ask, root.token, slug)).token]
    spared.push((await mint(ask, labelled(root.token, 'other'), slug)).token)
    const mints = (await auditOf(root.id)).filter(({ operation }) => operation === 'token.mint')
    const derived = mints.filter(({ actor }) => actor.kind === 'token').map(({ actor }) => actor.derived)
    expect(derived).toEqual([nameOf(labelled(root.token, 'other')), undefined, nameOf(below), nameOf(child)])
    const answer = expectAnswer(routes.revokeDerivedToken, await kill(admin.token, nameOf(child)))
    expect(answer.revoked_descendants).toBe(4)
    expect(await statusesOf(doomed)).toEqual(doomed.map(() => 401))
    expect(await statusesOf(spared)).toEqual([200, 200, 200])
    const shown = expectAnswer(routes.showToken, await ask('GET', `/v1/tokens/${further.id}`, { token: admin.token }))
    expect(shown).toMatchObject({ state: 'revoked', revoked_by: `${admin.email}, with ${nameOf(child)}` })
  })

  test('that rotates its token takes the successor with it; before that, both are good', async () => {
    const root = await mint(ask, admin.token, slug)
    const child = labelled(root.token, 'rotator')
    const answer = await ask('POST', `/v1/tokens/${root.id}/rotate`, { token: child, body: { grace: '1h' } })
    const successor = expectAnswer(routes.rotateToken, answer)
    expect(await statusesOf([root.token, child, successor.token])).toEqual([200, 200, 200])
    expectAnswer(routes.revokeDerivedToken, await kill(admin.token, nameOf(child)))
    expect(await statusesOf([root.token, child, successor.token])).toEqual([401, 401, 401])
  })

  test('of a token that is revoked already is revoked too, with what was spared then', async () => {
    const root = await mint(ask, admin.token, slug)
    const child = labelled(root.token, 'x')
    const [ofRoot, ofChild] = [await mint(ask, root.token, slug), await mint(ask, child, slug)]
    const body = { descendants: 'keep' }
    expectAnswer(routes.revokeToken, await ask('DELETE', `/v1/tokens/${root.id}`, { token: admin.token, body }))
    expect(await statusesOf([ofRoot.token, ofChild.token])).toEqual([200, 200])
    expect(expectAnswer(routes.revokeDerivedToken, await kill(admin.token, nameOf(child))).revoked_descendants).toBe(1)
    expect(await statusesOf([ofRoot.token, ofChild.token])).toEqual([200, 401])
  })

  test('any tree of them: after one is revoked, exactly those are dead whose chain passes through it or that it made', async () => {
    const step = fc.record({ kind: fc.constantFrom('derive', 'derive', 'mint'), at: fc.nat(), killed: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (steps) => {
        const root = await mint(ask, admin.token, slug)
        const nodes = [{ id: root.id, token: root.token, parent: -1, isDerived: false, isKilled: false }]
        for (const [number, { kind, at, killed }] of steps.entries()) {
          const parent = at % nodes.length
          const from = nodes[parent]
          if (from === undefined) continue
          if (kind === 'mint') {
            const { id, token } = await mint(ask, from.token, slug)
            nodes.push({ id, token, parent, isDerived: false, isKilled: false })
          } else {
            const token = labelled(from.token, `n${number}`)
            nodes.push({ id: from.id, token, parent, isDerived: true, isKilled: killed })
          }
        }
        for (const { token, isKilled } of nodes) {
          if (isKilled) expectAnswer(routes.revokeDerivedToken, await kill(admin.token, token))
        }
        const isDead = (at: number): boolean => {
          const node = nodes[at]
          return node !== undefined && (node.isKilled || isDead(node.parent))
        }
        expect(await statusesOf(nodes.map(({ token }) => token))).toEqual(
          nodes.map((_, at) => (isDead(at) ? 401 : 200)),
        )
        await revoke(ask, admin.token, root.id)
      }),
      { numRuns: 15 },
    )
  })
})
