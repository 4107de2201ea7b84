// The same authority on PostgreSQL, alone and as two on one database: what one mints, the other honours; what one revokes
// is dead at the other at once.
import { rm } from 'node:fs/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'
import { actions, derivedTokenId } from '@hallpass/macaroon'

import { serve, type RunningAuthority } from '../packages/authority/src/main.ts'
import {
  reasonWithoutPostgres,
  startPostgres,
  type TestPostgres,
} from '../packages/authority/src/store/testing/postgres.ts'
import { createDirectory, founder, optionsFor } from './authority.ts'
import { createAsk, expectAnswer, expectRefusal, type Ask } from './http.ts'
import { narrow, readMacaroon, readonlyOf } from './macaroons.ts'
import {
  createApp,
  createOrganisation,
  invite,
  mint,
  revoke,
  signIn,
  signInFounder,
  signUpInto,
  statusOf,
} from './people.ts'

const missing = reasonWithoutPostgres()
const rootKey = Buffer.alloc(32, 7).toString('base64')

describe.skipIf(missing !== undefined)('an empty PostgreSQL', () => {
  test('that a newer program brought further is read alone by the older one, which says so', async () => {
    const server = await startPostgres()
    const directory = await createDirectory()
    const authority = await serve({ ...optionsFor(directory), databaseUrl: server.url, rootKey })
    const ask = createAsk(() => authority.url)
    const { token } = await signInFounder(ask)
    const { slug } = await createOrganisation(ask, token)
    const minted = await mint(ask, token, slug)
    expect((await ask('GET', '/readyz')).status).toBe(200)
    const newer = new Client({ connectionString: server.url })
    await newer.connect()
    await newer.query(`insert into migrations values (999, 'from the future', 0)`)
    await newer.end()

    const refused = await ask('POST', `/v1/orgs/${slug}/tokens`, { token, body: {} })
    expect(expectRefusal(refused, 503)).toMatchObject({ code: 'unavailable' })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    await expect.poll(async () => (await ask('GET', '/readyz')).body).toMatchObject({ ok: false, reason: 'outdated' })
    expect(await statusOf(ask, minted.token)).toBe(200)
    await authority.close()
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  })

  test('that stands still for a while costs each who asks one wait, and is used again by itself', async () => {
    const server = await startPostgres()
    const directory = await createDirectory()
    const authority = await serve({ ...optionsFor(directory), databaseUrl: server.url, rootKey })
    const ask = createAsk(() => authority.url)
    const { token } = await signInFounder(ask)
    const { slug } = await createOrganisation(ask, token)
    const minted = await mint(ask, token, slug)
    const path = `/v1/orgs/${slug}/tokens`
    const narrowed = readonlyOf(minted.token)
    const query = `{ ${Array.from({ length: 15 }, (_, at) => `a${at}: organization(slug: "${slug}") { name }`).join(' ')} }`
    // What is remembered of them needs no database: they come to what they ask for.
    for (const known of [minted.token, narrowed]) expect(await statusOf(ask, known)).toBe(200)
    const resume = await server.freeze()
    try {
      const refused = await Promise.all([
        ask('GET', path, { token }),
        ask('GET', path, { token: minted.token }),
        ask('POST', path, { token: minted.token, body: {} }),
        ask('POST', path, { token: narrowed, body: {} }),
        ask('POST', '/v1/sessions', { body: founder }),
      ])
      for (const answer of refused) {
        expect(expectRefusal(answer, 503).code).toBe('unavailable')
        expect(answer.headers.get('retry-after')).toBe('5')
      }
      const answer = await ask('POST', '/graphql', { token: minted.token, body: { query } })
      expect(answer.body).toMatchObject({
        errors: Array.from({ length: 10 }, () => ({ extensions: { code: 'UNAVAILABLE' } })),
      })
      expect(answer.headers.get('retry-after')).toBe('5')
    } finally {
      resume()
    }
    await expect.poll(() => statusOf(ask, minted.token)).toBe(200)
    await mint(ask, token, slug)
    await authority.close()
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  })

  test('accepts the setup code that any of its servers printed, and a later one prints it too', async () => {
    const server = await startPostgres()
    const directories = await Promise.all(Array.from({ length: 4 }, createDirectory))
    const start = async (directory: string) => {
      const { bootstrap: _, ...options } = optionsFor(directory)
      return serve({ ...options, databaseUrl: server.url, rootKey })
    }
    const running = await Promise.all(directories.slice(1).map(start))
    running.push(await start(directories[0] ?? ''))
    const codes = new Set(running.map(({ setupCode }) => setupCode?.reveal()))
    expect(codes.size).toBe(1)
    const [code = ''] = codes
    const ask = createAsk(() => running[1]?.url ?? '')
    const body = { email: 'first@example.com', password: 'correct horse', setup_code: code }
    expect((await ask('POST', '/v1/users', { body })).status).toBe(201)
    await Promise.all(running.map((authority) => authority.close()))
    const later = await start(directories[0] ?? '')
    expect(later.setupCode).toBeUndefined()
    await later.close()
    await server.stop()
    for (const directory of directories) await rm(directory, { recursive: true, force: true })
  })
})

describe.skipIf(missing !== undefined)(`on PostgreSQL${missing === undefined ? '' : `, skipped: ${missing}`}`, () => {
  let server: TestPostgres
  let directories: readonly string[] = []
  let running: readonly RunningAuthority[] = []
  let first: Ask
  let second: Ask
  let token: string
  let slug: string

  beforeAll(async () => {
    server = await startPostgres()
    directories = [await createDirectory(), await createDirectory()]
    // At once, as a rolling start does.
    running = await Promise.all(
      directories.map((directory) => serve({ ...optionsFor(directory), databaseUrl: server.url, rootKey })),
    )
    const [one, two] = running.map(({ url }) => createAsk(() => url))
    if (one === undefined || two === undefined) throw new Error('there are not two authorities')
    first = one
    second = two
    token = (await signInFounder(first)).token
    slug = (await createOrganisation(first, token, 'Acme')).slug
  })
  afterAll(async () => {
    await Promise.all(running.map((authority) => authority.close()))
    await server.stop()
    for (const directory of directories) await rm(directory, { recursive: true, force: true })
  })

  test('of one token that both rotate, revoke and mint with at once there is one successor, and nothing outlives it', async () => {
    const { slug } = await createOrganisation(first, token)
    for (let round = 0; round < 6; round++) {
      const above = await mint(first, token, slug)
      const old = await mint(second, above.token, slug)
      const before = await mint(first, old.token, slug)
      const victim = [above, old, undefined][round % 3]
      const rotate = (ask: Ask) => ask('POST', `/v1/tokens/${old.id}/rotate`, { token, body: { grace: '1h' } })
      const mintBy = (ask: Ask) => ask('POST', `/v1/orgs/${slug}/tokens`, { token: old.token, body: {} })
      const answers = await Promise.all([
        rotate(first),
        rotate(second),
        mintBy(first),
        mintBy(second),
        victim === undefined ? undefined : revoke(second, token, victim.id),
      ])
      const made = answers.flatMap((answer) =>
        answer?.status === 201 ? [answer.body as { readonly id: string; readonly token: string }] : [],
      )
      for (const answer of answers) if (answer !== undefined) expect([201, 401, 403, 409]).toContain(answer.status)
      const successors = made.filter((each) => 'predecessor' in each)
      expect(successors.length).toBeLessThanOrEqual(1)
      if (victim === undefined) expect(successors).toHaveLength(1)
      if (victim !== above) for (const { id } of [...successors, old]) await revoke(first, token, id)
      for (const ask of [first, second]) {
        for (const each of [old, before, ...made]) expect(await statusOf(ask, each.token), `round ${round}`).toBe(401)
      }
    }
  })

  test('from signing up to revoking', async () => {
    const person = await signUpInto(first, token, slug)
    const app = await createApp(first, person.token, slug)
    const org = await mint(first, person.token, slug, { name: 'ci' })
    const deploy = await mint(first, person.token, slug, { profile: 'deploy', app: app.name })
    expectAnswer(routes.showApp, await first('GET', `/v1/apps/${app.name}`, { token: deploy.token }))
    expectRefusal(await first('POST', `/v1/orgs/${slug}/tokens`, { token: readonlyOf(org.token), body: {} }), 403)
    const listed = expectAnswer(
      routes.listOrganisationTokens,
      await first('GET', `/v1/orgs/${slug}/tokens?limit=1`, { token: org.token }),
    )
    expect(listed.tokens).toHaveLength(1)
    const rest = expectAnswer(
      routes.listOrganisationTokens,
      await first('GET', `/v1/orgs/${slug}/tokens?cursor=${listed.next_cursor ?? ''}`, { token: org.token }),
    )
    expect([...listed.tokens, ...rest.tokens].map(({ id }) => id).sort()).toEqual([org.id, deploy.id].sort())
    await revoke(first, person.token, org.id)
    expect(await statusOf(first, org.token)).toBe(401)
    expect((await first('DELETE', `/v1/apps/${app.name}`, { token: deploy.token })).status).toBe(202)
    expect(await statusOf(first, deploy.token)).toBe(401)
    const { events } = expectAnswer(routes.listAuditEvents, await first('GET', `/v1/orgs/${slug}/audit`, { token }))
    expect(events.map(({ operation }) => operation)).toEqual(
      expect.arrayContaining(['token.mint', 'token.revoke', 'app.delete']),
    )
  })

  test('what one mints works at the other, and what one revokes is dead at the other at once', async () => {
    for (const [here, there] of [
      [first, second],
      [second, first],
    ] as const) {
      const minted = await mint(here, token, slug)
      // Asked there before, so that what is remembered of it there is put to the test.
      expect(await statusOf(there, minted.token)).toBe(200)
      expect(await statusOf(there, readonlyOf(minted.token))).toBe(200)
      await revoke(here, token, minted.id)
      expect(await statusOf(there, minted.token)).toBe(401)
      expect(await statusOf(there, readonlyOf(minted.token))).toBe(401)
    }
  })

  test('a narrowed token that one revokes is dead at the other at once, with what it mints there meanwhile', async () => {
    const label = (text: string, agent: string) => narrow(text, { type: 'RunLabel', agent, run: '', onBehalfOf: '' })
    for (let round = 0; round < 10; round++) {
      const [here, there] = round % 2 === 0 ? [first, second] : [second, first]
      const { token: root } = await mint(here, token, slug)
      const [child, sibling] = [label(root, 'child'), label(root, 'sibling')]
      for (const each of [root, child, sibling]) expect(await statusOf(there, each)).toBe(200)
      const path = `/v1/orgs/${slug}/tokens`
      const body = { derived: derivedTokenId(readMacaroon(child)) }
      const [revoked, ...mints] = await Promise.all([
        here('POST', '/v1/tokens/revoke-derived', { token, body }),
        there('POST', path, { token: child, body: {} }),
        here('POST', path, { token: child, body: {} }),
        there('POST', path, { token: label(child, 'below'), body: {} }),
      ])
      expect(revoked.status).toBe(200)
      const made = mints.flatMap(({ status, body: answer }) =>
        status === 201 ? [(answer as { readonly token: string }).token] : [],
      )
      for (const { status } of mints) expect([201, 401, 409]).toContain(status)
      for (const ask of [there, here]) {
        for (const each of [child, ...made]) expect(await statusOf(ask, each), `round ${round}`).toBe(401)
        for (const each of [root, sibling]) expect(await statusOf(ask, each)).toBe(200)
      }
    }
  })

  test('what one limits is blocked at the other at once, and good again when it is loosened', async () => {
    const { slug: limited } = await createOrganisation(first, token)
    const limit = async (ask: Ask, body: object) =>
      expect((await ask('PATCH', `/v1/orgs/${limited}/policy`, { token, body })).status).toBe(200)
    const minted = await mint(second, token, limited, { expiry: '365d' })
    for (const [one, other] of [
      [first, second],
      [second, first],
    ] as const) {
      for (let round = 0; round < 5; round += 1) {
        expect(await statusOf(other, minted.token)).toBe(200)
        expect((await other('GET', `/v1/orgs/${limited}`, { token: minted.token })).status).toBe(200)
        await limit(one, { max_token_lifetime: '90d' })
        expect(await statusOf(other, minted.token)).toBe(403)
        expect((await other('GET', `/v1/orgs/${limited}`, { token: minted.token })).status).toBe(403)
        await limit(one, { max_token_lifetime: null })
      }
    }
  })

  test('a mint and a change of the limits at once come out as one after the other', async () => {
    const { slug: limited } = await createOrganisation(first, token)
    const member = await signUpInto(first, token, limited, { name: 'racer' })
    const limit = (ask: Ask, body: object) => ask('PATCH', `/v1/orgs/${limited}/policy`, { token, body })
    for (let round = 0; round < 10; round += 1) {
      await limit(first, { max_token_lifetime: null, approval: false })
      const mintLong = () =>
        second('POST', `/v1/orgs/${limited}/tokens`, { token: member.token, body: { expiry: '365d' } })
      const [tightened, ...mints] = await Promise.all([
        limit(first, { max_token_lifetime: '90d' }),
        mintLong(),
        mintLong(),
        mintLong(),
      ])
      expect(tightened.status).toBe(200)
      for (const answer of mints) {
        expect([201, 422]).toContain(answer.status)
        // Whatever was minted before the limit is blocked by it.
        if (answer.status !== 201) continue
        const { token: long } = expectAnswer(routes.createToken, answer)
        for (const ask of [first, second]) expect(await statusOf(ask, long)).toBe(403)
      }
      await limit(first, { max_token_lifetime: null })
      const [approving, waiting] = await Promise.all([limit(first, { approval: true }), mintLong()])
      expect([approving.status, waiting.status]).toEqual([200, 201])
      const pending = expectAnswer(routes.createToken, waiting)
      // Before the change, and approved; or after it, and said to wait.
      const status = pending.blocked === null ? 200 : 403
      for (const ask of [first, second]) expect(await statusOf(ask, pending.token)).toBe(status)
      const approve = (ask: Ask) => ask('POST', `/v1/tokens/${pending.id}/approve`, { token })
      expect((await Promise.all([approve(first), approve(second)])).map((answer) => answer.status)).toEqual([200, 200])
      for (const ask of [first, second]) expect(await statusOf(ask, pending.token)).toBe(200)
    }
  })

  test('two who change different limits at once both do', async () => {
    const { slug: limited } = await createOrganisation(first, token)
    const limit = (ask: Ask, body: object) => ask('PATCH', `/v1/orgs/${limited}/policy`, { token, body })
    for (const on of [true, false]) {
      const both = await Promise.all([limit(first, { approval: on }), limit(second, { only_admins_mint: on })])
      expect(both.map(({ status }) => status)).toEqual([200, 200])
      const shown = await first('GET', `/v1/orgs/${limited}/policy`, { token })
      expect(shown.body).toMatchObject({ approval: on, only_admins_mint: on })
    }
  })

  test('who revokes one token many times at once stands in the trail once', async () => {
    const minted = await mint(first, token, slug)
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        (at % 2 === 0 ? first : second)('DELETE', `/v1/tokens/${minted.id}`, { token }),
      ),
    )
    const done = answers.filter(({ status }) => status === 200)
    expect(done.length).toBeGreaterThan(0)
    // The others got the answer that too many change the same thing, and no other.
    for (const { status } of answers) expect([200, 409]).toContain(status)
    const { events } = expectAnswer(
      routes.listAuditEvents,
      await first('GET', `/v1/orgs/${slug}/audit?limit=100`, { token }),
    )
    expect(events.filter(({ target }) => target === `token ${minted.id}`).map(({ operation }) => operation)).toEqual([
      'token.revoke',
      'token.mint',
    ])
  })

  test('logging out at one is logging out at the other; so are leaving and deleting', async () => {
    const person = await signUpInto(first, token, slug)
    expect(await statusOf(second, person.token)).toBe(200)
    const again = await signIn(second, person)
    expect((await first('DELETE', '/v1/sessions/current', { token: again.token })).status).toBe(204)
    expect(await statusOf(second, again.token)).toBe(401)
    expect((await first('DELETE', `/v1/orgs/${slug}/members/${person.email}`, { token })).status).toBe(204)
    expectRefusal(await second('GET', `/v1/orgs/${slug}`, { token: person.token }), 403)
    const doomed = await createOrganisation(second, token)
    const minted = await mint(first, token, doomed.slug)
    expect(await statusOf(second, minted.token)).toBe(200)
    expect((await first('DELETE', `/v1/orgs/${doomed.slug}`, { token })).status).toBe(204)
    expect(await statusOf(second, minted.token)).toBe(401)
  })

  test('of two who want one name, or one invitation, at once, one gets it', async () => {
    const names = await Promise.all(
      Array.from({ length: 10 }, (_, at) =>
        (at % 2 === 0 ? first : second)('POST', '/v1/apps', { token, body: { name: 'wanted', org_slug: slug } }),
      ),
    )
    expect(names.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, ...Array<number>(9).fill(422)])
    const person = await signUpInto(first, token, (await createOrganisation(first, token)).slug)
    const invitation = await invite(first, token, slug, { email: person.email })
    const accepted = await Promise.all(
      [first, second, first, second].map((ask) =>
        ask('POST', '/v1/invitations/accept', { token: person.token, body: { invitation } }),
      ),
    )
    expect(accepted.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const { status } of accepted) expect([200, 403, 409]).toContain(status)
  })

  test('of two admins who leave at once, at two authorities, one stays', async () => {
    const { slug: pair } = await createOrganisation(first, token)
    const other = await signUpInto(first, token, pair, { role: 'admin' })
    const answers = await Promise.all([
      first('DELETE', `/v1/orgs/${pair}/members/ada@example.com`, { token }),
      second('DELETE', `/v1/orgs/${pair}/members/${other.email}`, { token: other.token }),
    ])
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([204, 409])
  })

  test('text that a database will not take is refused before it comes there', async () => {
    const strange = ['a\0b', '\ud800', '\udfff x', '\u0001', '\u{10ffff}\0']
    for (const text of strange) {
      for (const [path, body] of [
        ['/v1/orgs', { name: text }],
        [`/v1/orgs/${slug}/tokens`, { name: text }],
        [`/v1/orgs/${slug}/tokens`, { profile: 'litefs_cloud', cluster: text }],
        ['/v1/apps', { name: 'fine', org_slug: slug, network: text }],
        ['/v1/apps', { name: 'fine', org_slug: slug, idempotency_key: text }],
        ['/v1/apps', { name: text, org_slug: slug }],
        [`/v1/orgs/${slug}/invitations`, { email: `${text}@example.com` }],
      ] as const) {
        expectRefusal(await first('POST', path, { token, body }), 400)
      }
      // A password may be anything: it is hashed, and never stored.
      const login = await first('POST', '/v1/sessions', { body: { email: 'a@b.example', password: text } })
      expect([400, 401]).toContain(login.status)
    }
    for (const path of ['/v1/orgs/%00', '/v1/apps/a%00b', '/v1/apps?org_slug=%00', `/v1/orgs/${slug}/members/%00`]) {
      expectRefusal(await first(path.includes('members') ? 'DELETE' : 'GET', path, { token }), 400)
    }
  })

  test('text that a holder puts into a caveat is no way to break the audit trail', async () => {
    const { token: org } = await mint(first, token, slug)
    for (const text of ['a\0b', '\0', 'x'.repeat(20_000), '\u202e']) {
      for (const caveat of [
        { type: 'Machines', machines: new Map([[text, actions.any]]) },
        { type: 'Volumes', volumes: new Map([[text, actions.any]]) },
        { type: 'FeatureSet', features: new Map([[text, actions.any]]) },
        { type: 'Clusters', clusters: new Map([[text, actions.any]]) },
        { type: 'Mutations', mutations: [text] },
        { type: 'Commands', commands: [{ args: [text], exact: false }] },
      ] as const) {
        const narrowed = narrow(org, caveat)
        for (const path of [`/v1/orgs/${slug}/tokens`, `/v1/orgs/${slug}/invitations`]) {
          const body = path.endsWith('tokens') ? {} : { email: 'a@b.example' }
          expectRefusal(await first('POST', path, { token: narrowed, body }), 403)
        }
        expectAnswer(routes.showCurrentTokens, await first('GET', '/v1/tokens/current', { token: narrowed }))
      }
    }
  })

  test('numbers past what a column holds are refused or not found', async () => {
    const { token: org } = await mint(first, token, slug)
    for (const id of [2n ** 31n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
      const narrowed = narrow(org, { type: 'Apps', apps: new Map([[id, actions.any]]) })
      expectAnswer(routes.showCurrentTokens, await first('GET', '/v1/tokens/current', { token: narrowed }))
    }
    const cursor = Buffer.from('e.999999999999999').toString('base64url')
    expect((await first('GET', `/v1/orgs/${slug}/audit?cursor=${cursor}`, { token })).status).toBe(200)
  })

  test('another root key on the same database is refused', async () => {
    const directory = await createDirectory()
    const other = Buffer.alloc(32, 8).toString('base64')
    const start = serve({ ...optionsFor(directory), databaseUrl: server.url, rootKey: other })
    await expect(start).rejects.toMatchObject({ code: 'root_key_mismatch' })
    await rm(directory, { recursive: true, force: true })
  })

  test('a database that is not there is said to be so, without its password', async () => {
    const directory = await createDirectory()
    const url = 'postgres://hallpass:S3cret-0f-the-database@127.0.0.1:1/none'
    const start = serve({ ...optionsFor(directory), databaseUrl: url, rootKey })
    await expect(start).rejects.toMatchObject({
      code: 'database_unreachable',
      message: expect.not.stringContaining('S3cret') as string,
    })
    await rm(directory, { recursive: true, force: true })
  })
})
