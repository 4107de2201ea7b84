// What a token may make: nothing minted exceeds what mints it.
import { describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'
import { actions, expiration } from '@hallpass/macaroon'
import { caveatsToJSON } from '@hallpass/macaroon/json'

import { expectAnswer, expectRefusal } from './http.ts'
import { bundle, endingAt, narrow, nowInSeconds, onlyFor, readMacaroon, readonlyOf } from './macaroons.ts'
import { createApp, createOrganisation, mint } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

const prepared = prepareAuthority()
const { ask, admin } = prepared
const slug = prepareOrganisation(prepared)

const tryToMint = (token: string, body: object) => ask('POST', `/v1/orgs/${slug}/tokens`, { token, body })

/** The token's caveats as comparable texts. */
function caveatsOf(token: string): readonly string[] {
  return readMacaroon(token).unsafeCaveats.map((caveat) => caveatsToJSON([caveat]))
}

describe('what is minted never exceeds what mints', () => {
  test.each([
    ['reading alone', readonlyOf],
    [
      'everything but deleting',
      (token: string) => narrow(token, { type: 'Action', mask: actions.all & ~actions.delete }),
    ],
    ['one mutation', (token: string) => narrow(token, { type: 'Mutations', mutations: ['addWireGuardPeer'] })],
    ['one command', (token: string) => narrow(token, { type: 'Commands', commands: [{ args: ['ls'], exact: true }] })],
    ['no apps at all', (token: string) => onlyFor(token)],
    ['one feature', (token: string) => narrow(token, { type: 'FeatureSet', features: new Map([['wg', actions.any]]) })],
    ['a machine', (token: string) => narrow(token, { type: 'Machines', machines: new Map([['m1', actions.any]]) })],
    [
      'what is not understood',
      (token: string) => narrow(token, { type: 'Unknown', number: 9_999n, body: Uint8Array.of(0x90) }),
    ],
    [
      'what begins only tomorrow',
      (token: string) =>
        narrow(token, {
          type: 'ValidityWindow',
          notBefore: BigInt(nowInSeconds() + 86_400),
          notAfter: BigInt(nowInSeconds() + 172_800),
        }),
    ],
    [
      'another organisation too',
      (token: string) => narrow(token, { type: 'Organization', id: 999_999n, mask: actions.any }),
    ],
  ] as const)('a token narrowed to %s mints nothing', async (_, narrowed) => {
    const app = await createApp(ask, admin.token, slug)
    const token = narrowed((await mint(ask, admin.token, slug)).token)
    for (const answer of [
      await tryToMint(token, {}),
      await tryToMint(token, { profile: 'deploy', app: app.name }),
      await ask('POST', `/v1/apps/${app.name}/deploy_token`, { token, body: { expiry: '1h' } }),
    ]) {
      expect([401, 403]).toContain(answer.status)
    }
  })

  test('a token that ends mints nothing that ends later', async () => {
    const minter = await mint(ask, admin.token, slug, { expiry: '1h' })
    for (const expiry of ['20y', '2h', '59m']) {
      const minted = await mint(ask, minter.token, slug, { expiry })
      expect(Date.parse(minted.expires_at)).toBeLessThanOrEqual(Date.parse(minter.expires_at))
      const end = expiration(readMacaroon(minted.token).unsafeCaveats)
      expect(Number(end) * 1000).toBe(Date.parse(minted.expires_at))
      expect(caveatsOf(minted.token)).toEqual(expect.arrayContaining([...caveatsOf(minter.token)]))
    }
  })

  test('run labels are handed on in front of those that are asked for', async () => {
    const label = (agent: string) => ({ type: 'RunLabel', agent, run: '', onBehalfOf: '' }) as const
    const minter = narrow(
      (await mint(ask, admin.token, slug)).token,
      label('planner'),
      label('coder'),
      label('planner'),
    )
    const minted = await mint(ask, minter, slug, { caveats: [{ type: 'RunLabel', body: { agent: 'root' } }] })
    const labels = readMacaroon(minted.token).unsafeCaveats.filter(({ type }) => type === 'RunLabel')
    expect(labels).toEqual([label('planner'), label('coder'), label('planner'), label('root')])
    const wrong = { caveats: [{ type: 'RunLabel', body: { agent: 'two\nlines' } }] }
    expectRefusal(await tryToMint(minter, wrong), 400)
  })

  test('an end that the holder has set binds what their copy mints', async () => {
    const end = nowInSeconds() + 600
    const minter = endingAt((await mint(ask, admin.token, slug)).token, end)
    const minted = await mint(ask, minter, slug, { expiry: '1y' })
    expect(Date.parse(minted.expires_at)).toBe(end * 1000)
    expect(caveatsOf(minted.token)).toEqual(expect.arrayContaining([...caveatsOf(minter)]))
  })

  test('an org token narrowed to an app mints for that app alone, and hands its limit on', async () => {
    const app = await createApp(ask, admin.token, slug)
    const other = await createApp(ask, admin.token, slug)
    const minter = onlyFor((await mint(ask, admin.token, slug)).token, app.internal_numeric_id)
    expectRefusal(await tryToMint(minter, {}), 403)
    expectRefusal(await tryToMint(minter, { profile: 'deploy', app: other.name }), 403)
    const minted = await mint(ask, minter, slug, { profile: 'deploy', app: app.name })
    const apps = readMacaroon(minted.token).unsafeCaveats.filter(({ type }) => type === 'Apps')
    expect(apps).toEqual([{ type: 'Apps', apps: new Map([[BigInt(app.internal_numeric_id), actions.any]]) }])
    expect((await ask('GET', `/v1/apps/${app.name}`, { token: minted.token })).status).toBe(200)
    expectRefusal(await ask('GET', `/v1/apps/${other.name}`, { token: minted.token }), 403)
  })

  test('a deploy token mints deploy tokens of its app, and nothing wider', async () => {
    const app = await createApp(ask, admin.token, slug)
    const other = await createApp(ask, admin.token, slug)
    const minter = await mint(ask, admin.token, slug, { profile: 'deploy', app: app.name })
    const minted = await mint(ask, minter.token, slug, { profile: 'deploy', app: app.name })
    expect(minted).toMatchObject({ minted_by: minter.id, created_by: 'ada@example.com', app: app.name })
    for (const body of [{}, { profile: 'deploy', app: other.name }, { profile: 'litefs_cloud', cluster: 'main' }]) {
      expectRefusal(await tryToMint(minter.token, body), 403)
      expectRefusal(await tryToMint(minted.token, body), 403)
    }
  })

  test('two tokens that could mint together do not', async () => {
    const { token } = await mint(ask, admin.token, slug)
    const halves = [actions.read | actions.write, actions.all & ~actions.write].map((mask) =>
      narrow(token, { type: 'Action', mask }),
    )
    expectRefusal(await tryToMint(bundle(...halves), {}), 403)
  })

  test('of several tokens the one that allows it is the minter', async () => {
    const wide = await mint(ask, admin.token, slug)
    const minted = await mint(ask, bundle(readonlyOf((await mint(ask, admin.token, slug)).token), wide.token), slug)
    expect(minted.minted_by).toBe(wide.id)
    expect(caveatsOf(minted.token)).toEqual(expect.arrayContaining([...caveatsOf(wide.token)]))
  })

  test('a token holds its organisation although another slug stands in the path', async () => {
    const elsewhere = await createOrganisation(ask, admin.token)
    const { token } = await mint(ask, admin.token, slug)
    expectRefusal(await ask('POST', `/v1/orgs/${elsewhere.slug}/tokens`, { token, body: {} }), 403)
    const app = await createApp(ask, admin.token, elsewhere.slug)
    // The app exists, and not in the organisation of the path.
    expectRefusal(await tryToMint(token, { profile: 'deploy', app: app.name }), 404)
    expectRefusal(await tryToMint(admin.token, { profile: 'deploy', app: app.name }), 404)
  })

  test('no number of caveats added by the holder makes a token wider', async () => {
    const app = await createApp(ask, admin.token, slug)
    const { token } = await mint(ask, admin.token, slug, { profile: 'deploy', app: app.name, expiry: '1h' })
    const wider = narrow(
      token,
      { type: 'ValidityWindow', notBefore: 0n, notAfter: BigInt(nowInSeconds() + 1_000_000) },
      { type: 'Apps', apps: new Map([[0n, actions.any]]) },
      { type: 'AllowedRoles', roles: 0xffff_ffff },
      { type: 'IsMember' },
    )
    expectRefusal(await tryToMint(wider, {}), 403)
    expectRefusal(
      await ask('POST', `/v1/orgs/${slug}/invitations`, { token: wider, body: { email: 'a@b.example' } }),
      403,
    )
    const minted = await mint(ask, wider, slug, { profile: 'deploy', app: app.name, expiry: '10h' })
    expect(Date.parse(minted.expires_at)).toBeLessThanOrEqual(Date.now() + 3_600_000)
  })
})

test('where an organisation forbids it no token mints, whichever door it takes, and people still do', async () => {
  const { slug: closed } = await createOrganisation(ask, admin.token)
  const app = await createApp(ask, admin.token, closed)
  const org = await mint(ask, admin.token, closed)
  const deploy = await mint(ask, admin.token, closed, { profile: 'deploy', app: app.name })
  const change = (token: string, value: boolean) =>
    ask('PATCH', `/v1/orgs/${closed}`, { token, body: { tokens_may_mint: value } })
  expectRefusal(await change(org.token, false), 403)
  expect(expectAnswer(routes.updateOrganisation, await change(admin.token, false)).tokens_may_mint).toBe(false)
  for (const { token } of [org, deploy]) {
    const body = { profile: 'deploy', app: app.name }
    const refused = expectRefusal(await ask('POST', `/v1/orgs/${closed}/tokens`, { token, body }), 403)
    expect(refused.message).toBe(
      `organization ${closed} does not let tokens mint: a person must log in and mint this one`,
    )
    expectRefusal(await ask('POST', `/v1/apps/${app.name}/deploy_token`, { token, body: { expiry: '1h' } }), 403)
    const input = `{ organizationId: "${closed}", name: "ci", profile: "deploy", profileParams: { app_id: "${app.name}" } }`
    const query = `mutation { createLimitedAccessToken(input: ${input}) { limitedAccessToken { tokenHeader } } }`
    const answered = (await ask('POST', '/graphql', { token, body: { query } })).body
    expect(answered).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] })
  }
  await mint(ask, admin.token, closed)
  expect((await mint(ask, `${org.token},${admin.token}`, closed)).minted_by).toBeNull()
  await change(admin.token, true)
  await mint(ask, org.token, closed)
})

test('who is limited to apps sees those in the list of apps, and no sign of the others', async () => {
  const { slug: fresh } = await createOrganisation(ask, admin.token)
  const [one, two, three] = [
    await createApp(ask, admin.token, fresh),
    await createApp(ask, admin.token, fresh),
    await createApp(ask, admin.token, fresh),
  ]
  const org = (await mint(ask, admin.token, fresh)).token
  const deploy = (await mint(ask, admin.token, fresh, { profile: 'deploy', app: one.name })).token
  const listed = async (token: string) => {
    const answer = await ask('GET', `/v1/apps?org_slug=${fresh}`, { token })
    const { apps, total_apps } = expectAnswer(routes.listApps, answer)
    expect(total_apps).toBe(apps.length)
    return apps.map(({ name }) => name).sort()
  }
  expect(await listed(org)).toEqual([one.name, two.name, three.name].sort())
  expect(await listed(readonlyOf(org))).toEqual([one.name, two.name, three.name].sort())
  expect(await listed(deploy)).toEqual([one.name])
  expect(await listed(narrow(deploy, { type: 'IsMember' }))).toEqual([one.name])
  // A holder's own limit to apps has no "else": what names no app is not in it, the list of them included.
  for (const narrowed of [
    onlyFor(org, two.internal_numeric_id),
    onlyFor(deploy, one.internal_numeric_id),
    onlyFor(org),
  ]) {
    expectRefusal(await ask('GET', `/v1/apps?org_slug=${fresh}`, { token: narrowed }), 403)
  }
  expect(await listed(bundle(onlyFor(org, two.internal_numeric_id), deploy))).toEqual([one.name])
})

describe('caveats that are asked for', () => {
  const listed = async (id: string) =>
    expectAnswer(routes.showToken, await ask('GET', `/v1/tokens/${id}`, { token: admin.token }))

  test('bind the token, after those of its profile, and are kept and shown with them', async () => {
    const caveats = [
      { type: 'Action', body: 'r' },
      { type: 'IfPresent', body: { ifs: [{ type: 'Apps', body: { apps: { '7': 'r' } } }], else: 'r' } },
    ]
    const minted = await mint(ask, admin.token, slug, { caveats })
    const types = ['Organization', 'IsMember', 'ValidityWindow', 'Action', 'IfPresent']
    expect(readMacaroon(minted.token).unsafeCaveats.map(({ type }) => type)).toEqual(types)
    expect(minted.caveats?.map(({ type }) => type)).toEqual(types)
    expect(minted.caveats?.slice(3)).toEqual(caveats)
    expect(JSON.stringify(minted.caveats)).toBe(caveatsToJSON(readMacaroon(minted.token).unsafeCaveats))
    expect((await listed(minted.id)).caveats).toEqual(minted.caveats)
    const answer = await ask('GET', `/v1/orgs/${slug}/tokens?limit=1000`, { token: admin.token })
    const { tokens } = expectAnswer(routes.listOrganisationTokens, answer)
    expect(tokens.find(({ id }) => id === minted.id)?.caveats).toEqual(minted.caveats)

    expect((await ask('GET', `/v1/orgs/${slug}`, { token: minted.token })).status).toBe(200)
    const body = { name: 'web-for-reading', org_slug: slug }
    expectRefusal(await ask('POST', '/v1/apps', { token: minted.token, body }), 403)
    expectRefusal(await tryToMint(minted.token, {}), 403)
  })

  test('with an earlier end decide the recorded end, at any place', async () => {
    const end = nowInSeconds() + 500
    const window = { type: 'ValidityWindow', body: { not_before: 0, not_after: end } }
    for (const caveats of [[window], [{ type: 'IfPresent', body: { ifs: [window], else: 'r' } }]]) {
      expect(Date.parse((await mint(ask, admin.token, slug, { caveats })).expires_at)).toBe(end * 1000)
    }
    const later = { type: 'ValidityWindow', body: { not_before: 0, not_after: Number.MAX_SAFE_INTEGER } }
    const minted = await mint(ask, admin.token, slug, { expiry: '1h', caveats: [later] })
    expect(Date.parse(minted.expires_at)).toBeLessThanOrEqual(Date.now() + 3_600_000)
  })

  test('do not loosen what a token hands on', async () => {
    const minter = await mint(ask, admin.token, slug, { expiry: '1h', name: 'minter' })
    const caveats = [
      { type: 'ValidityWindow', body: { not_before: 0, not_after: nowInSeconds() + 1_000_000 } },
      { type: 'Apps', body: { apps: { '0': '*' } } },
    ]
    const minted = await mint(ask, minter.token, slug, { caveats })
    expect(caveatsOf(minted.token)).toEqual(expect.arrayContaining([...caveatsOf(minter.token)]))
    expect(Date.parse(minted.expires_at)).toBeLessThanOrEqual(Date.parse(minter.expires_at))
    // What was narrowed to apps mints nothing for all of them.
    expectRefusal(await tryToMint(minted.token, {}), 403)
  })

  test('that leave nothing are refused, and so are more than a token carries', async () => {
    const ended = { type: 'ValidityWindow', body: { not_before: 0, not_after: nowInSeconds() - 1 } }
    const ages = { type: 'ValidityWindow', body: { not_before: 0, not_after: Number.MIN_SAFE_INTEGER } }
    const elsewhere = { type: 'Organization', body: { id: 999_999, mask: 'r' } }
    for (const [caveats, what] of [
      [[ended], 'make the token end before it begins'],
      [[ages], 'make the token end before it begins'],
      [[elsewhere], 'another organization'],
    ] as const) {
      const error = expectRefusal(await tryToMint(admin.token, { caveats }), 422)
      expect(error).toMatchObject({ code: 'invalid_request', field: 'caveats', message: expect.stringContaining(what) })
    }
    const machines = (count: number) => ({
      type: 'IfPresent',
      body: {
        ifs: Array.from({ length: count }, (_, id) => ({ type: 'Machines', body: { machines: { [`m${id}`]: 'r' } } })),
        else: 'r',
      },
    })
    const full = await tryToMint(admin.token, { caveats: [machines(210)] })
    expect(full.status).toBe(201)
    expect(expectRefusal(await tryToMint(admin.token, { caveats: [machines(254)] }), 422).field).toBe('caveats')
  })

  test('of too many tokens that mint in turn end with a clear no', async () => {
    let { token } = await mint(ask, admin.token, slug)
    let answer = await tryToMint(token, {})
    for (let generation = 0; generation < 100 && answer.status === 201; generation++) {
      const caveats = Array.from({ length: 32 }, (_, id) => ({
        type: 'AllowedRoles',
        body: 4_000_000_001 + generation * 64 + id * 2,
      }))
      answer = await tryToMint(token, { caveats })
      token = answer.status === 201 ? routes.createToken.answer.parse(answer.body).token : token
    }
    expect(expectRefusal(answer, 422).message).toContain('too many for one token')
  })
})
