// The GraphQL door as its clients meet it: always 200, errors in the answer, bounded, and no more than its credential may.
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'

import { createSchema } from '../packages/authority/src/doors/graphql/schema.ts'
import { readGraphql, type GraphqlAnswer } from './door-requests.ts'
import type { Asked } from './http.ts'
import { narrow } from './macaroons.ts'
import { createApp, createOrganisation, mint, statusOf } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'
import { anyText } from '../packages/macaroon/src/testing/any-text.ts'

const prepared = prepareAuthority()
const { authority, ask, admin: ada } = prepared
const slug = prepareOrganisation(prepared)
beforeAll(async () => {
  for (const name of ['web-1', 'web-2', 'web-3']) await createApp(ask, ada.token, slug, name)
})

async function post(asked: Asked): Promise<GraphqlAnswer> {
  return readGraphql(await authority.ask('POST', '/graphql', asked))
}

function query(text: string, variables?: unknown, token = ada.token): Promise<GraphqlAnswer> {
  return post({ token, body: { query: text, variables } })
}

/** The one error of the answer, as `CODE: message`. */
async function refusalOf(answered: Promise<GraphqlAnswer>): Promise<string> {
  const { errors = [] } = await answered
  expect(errors).toHaveLength(1)
  return errors.map(({ message, extensions }) => `${extensions.code}: ${message}`).join()
}

describe('a query', () => {
  test('may have variables that it does not declare, an empty cursor and an empty expiry', async () => {
    const text = 'query($org: ID, $after: String) { apps(organizationId: $org, after: $after) { nodes { name } } }'
    const { data, errors } = await query(text, { org: slug, after: '', status: 'live' })
    expect(errors).toBeUndefined()
    expect(data).toEqual({ apps: { nodes: [{ name: 'web-1' }, { name: 'web-2' }, { name: 'web-3' }] } })
  })

  test('that was read before is answered anew: for whoever asks, with their variables, by what is there', async () => {
    const { token } = await mint(ask, ada.token, slug)
    const text = 'query($name: String!) { viewer { ... on User { email } } app(name: $name) { name } }'
    const viewer = { email: ada.email }
    expect((await query(text, { name: 'web-1' })).data).toEqual({ viewer, app: { name: 'web-1' } })
    expect((await query(text, { name: 'web-2' })).data).toEqual({ viewer, app: { name: 'web-2' } })
    expect((await query(text, { name: 'none' })).data).toMatchObject({ app: null })
    expect((await query(text, { name: 'web-1' }, token)).data).not.toMatchObject({ viewer })
    const refused = '{ viewer { nothing } }'
    expect(await refusalOf(query(refused))).toBe(await refusalOf(query(refused)))
  })

  test('reads numbers as numbers, and those that may be large as text', async () => {
    const { data } = await query('{ app(name: "web-1") { internalNumericId organization { internalNumericId } } }')
    expect(data).toEqual({ app: { internalNumericId: 1, organization: { internalNumericId: '2' } } })
  })

  test('reads lists page by page, of one organisation and of all', async () => {
    for (const from of [`, organizationId: "${slug}"`, '']) {
      const names: string[] = []
      let after = ''
      for (let page = 0; page < 3; page += 1) {
        const text = `{ apps(first: 1, after: "${after}"${from}) { nodes { name } pageInfo { hasNextPage endCursor } } }`
        const { data } = await query(text)
        const { nodes, pageInfo } = (data ?? {})['apps'] as {
          nodes: { name: string }[]
          pageInfo: { hasNextPage: boolean; endCursor: string | null }
        }
        names.push(...nodes.map(({ name }) => name))
        expect(pageInfo.hasNextPage).toBe(page < 2)
        after = pageInfo.endCursor ?? ''
      }
      expect(names).toEqual(['web-1', 'web-2', 'web-3'])
    }
    const { data } = await query('{ organizations(first: 1) { nodes { slug } pageInfo { hasNextPage endCursor } } }')
    expect(data).toMatchObject({ organizations: { nodes: [{ slug: 'acme' }], pageInfo: { hasNextPage: true } } })
    const rest = await query('{ organizations(first: 1, after: "acme") { nodes { slug } pageInfo { hasNextPage } } }')
    expect(rest.data).toMatchObject({
      organizations: { nodes: [{ slug: 'personal' }], pageInfo: { hasNextPage: false } },
    })
    expect(await refusalOf(query('{ apps(first: 0) { nodes { name } } }'))).toMatch(/^INVALID_ARGUMENTS: first/)
  })

  test('knows personal as the own organisation, everywhere', async () => {
    await createApp(authority.ask, ada.token, 'personal', 'mine')
    const { data } = await query(
      '{ personalOrganization { slug rawSlug type } organization(slug: "personal") { id } app(name: "mine") { organization { slug } } }',
    )
    expect(data).toMatchObject({
      personalOrganization: { slug: 'personal', type: 'PERSONAL' },
      app: { organization: { slug: 'personal' } },
    })
    expect((await query('{ organizations(admin: true) { nodes { slug } } }')).data).toEqual({
      organizations: { nodes: [{ slug: 'acme' }, { slug: 'personal' }] },
    })
  })

  test('says what is missing in the words that clients match', async () => {
    expect(await refusalOf(query('{ app(name: "nosuch") { id } }'))).toBe(
      'NOT_FOUND: Could not find App: there is no app nosuch',
    )
    expect(await refusalOf(query('{ app(name: "no such\\u0000") { id } }'))).toMatch(/^NOT_FOUND: Could not find App/)
    expect(await refusalOf(query('{ organization(slug: "nosuch") { id } }'))).toBe(
      'NOT_FOUND: Could not find Organization: there is no organization nosuch',
    )
    expect(await refusalOf(query('mutation { addWireGuardPeer { x } }'))).toBe(
      'NOT_SERVED: this authority does not serve the mutation addWireGuardPeer',
    )
  })

  test.each([
    ['query($x: Nonsense!) { nearestRegion(x: $x) { code } }', 'query nearestRegion'],
    ['query($x: Nonsense!) { viewer { email } }', 'type Nonsense'],
    [
      '{ app(name: "web-1") { organization { wireGuardPeers { nodes { id } } } } }',
      'field of Organization wireGuardPeers',
    ],
    ['{ app(name: "web-1") { ...rest } } fragment rest on App { secrets { name } }', 'field of App secrets'],
    ['{ viewer { ... on User { agreedToProviderTos } } }', 'field of User agreedToProviderTos'],
    ['{ apps(search: "web") { nodes { id } } }', 'argument of apps search'],
    [
      `mutation { createApp(input: { organizationId: "x" }) { ${'a'.repeat(41)} } }`,
      'field of CreateAppPayload of this name',
    ],
  ])('learns what is not served, at any depth: %s', async (text, what) => {
    expect(await refusalOf(query(text))).toBe(`NOT_SERVED: this authority does not serve the ${what}`)
  })

  test('has no regions of an app, and no add-ons', async () => {
    const { data } = await query(
      `query($type: AddOnType) {
        addOns(type: $type) { nodes { id name metadata organization { slug } addOnPlan { displayName } } }
        app(name: "web-1") { regions { code name } organization { addOns(type: $type) { nodes { id } } } }
      }`,
      { type: 'tigris' },
    )
    const nothing = { nodes: [] }
    expect(data).toEqual({ addOns: nothing, app: { regions: [], organization: { addOns: nothing } } })
    const made = await query(
      'mutation($input: CreateAppInput!) { createApp(input: $input) { app { name config { definition } regions { code } } } }',
      { input: { organizationId: slug, name: 'web-4', machines: true } },
    )
    expect(made.data).toEqual({ createApp: { app: { name: 'web-4', config: { definition: {} }, regions: [] } } })
    expect(await refusalOf(post({ body: { query: '{ addOns { nodes { id } } }' } }))).toMatch(/^UNAUTHORIZED/)
  })
})

test('a token that flyctl would send to another platform is not made', async () => {
  const create = (name: string) =>
    query(
      'mutation($input: CreateLimitedAccessTokenInput!) { createLimitedAccessToken(input: $input) { clientMutationId } }',
      {
        input: {
          name,
          organizationId: slug,
          profile: 'litefs_cloud',
          profileParams: { cluster: 'main' },
          expiry: '10m',
        },
      },
    )
  expect(await refusalOf(create('flyctl-lfsc'))).toMatch(/^NOT_SERVED: .*litefs-cloud/)
  expect((await create('LiteFS Cloud token')).errors).toBeUndefined()
})

describe('an answer', () => {
  test('that would have too many fields ends with one error, and one below comes whole', async () => {
    const many = (await createOrganisation(authority.ask, ada.token, 'Many')).slug
    await createApp(authority.ask, ada.token, many, 'many-0')
    authority.inspect((database) => {
      const copy = database.prepare(
        `insert into apps (public_id, name, organisation_id, network, idempotency_key, created_at)
         select ?, ?, organisation_id, network, null, created_at from apps where name = 'many-0'`,
      )
      for (let i = 1; i < 1000; i += 1) copy.run(`public-${i}`, `many-${i}`)
    })
    const fields = 'id name status deployed state version platformVersion network createdAt'
    const list = `apps(organizationId: "${many}") { nodes { ${fields} } }`
    const lists = (count: number) => `{ ${Array.from({ length: count }, (_, i) => `l${i}: ${list}`).join(' ')} }`
    const { data, errors } = await query(lists(5))
    expect([errors, Object.values(data ?? {}).map((page) => (page as { nodes: unknown[] }).nodes.length)]).toEqual([
      undefined,
      Array.from({ length: 5 }, () => 1000),
    ])
    expect(await refusalOf(query(lists(6)))).toMatch(/too many fields: 50000 are the limit/)
  })
})

function tokensOf(data: GraphqlAnswer['data']) {
  const { limitedAccessTokens } = (data ?? {})['of'] as {
    readonly limitedAccessTokens: { readonly nodes: readonly { readonly name: string }[]; readonly pageInfo: unknown }
  }
  return limitedAccessTokens
}

test('a list is whole where no size is named, however long, and has pages where one is', async () => {
  const long = (await createOrganisation(authority.ask, ada.token, 'Long')).slug
  await createApp(authority.ask, ada.token, long, 'long-0')
  authority.inspect((database) => {
    const apps = database.prepare(
      `insert into apps (public_id, name, organisation_id, network, idempotency_key, created_at)
       select ?, ?, organisation_id, network, null, created_at from apps where name = 'long-0'`,
    )
    const tokens = database.prepare(
      `insert into tokens (id, organisation_id, app_id, profile, name, name_key, created_at, expires_at)
       select randomblob(16), organisation_id, id, 'deploy', ?, ?, 0, 4e12 + ? from apps where name = 'long-0'`,
    )
    for (let i = 1; i <= 1150; i += 1) {
      apps.run(`long-${i}`, `long-${i}`)
      tokens.run(`t${i}`, `t${i}`, i)
    }
  })
  const list = 'nodes { name } pageInfo { hasNextPage endCursor }'
  for (const holder of [`organization(slug: "${long}")`, 'app(name: "long-0")']) {
    const { data } = await query(`{ of: ${holder} { limitedAccessTokens { ${list} } } }`)
    const { nodes, pageInfo } = tokensOf(data)
    expect(new Set(nodes.map(({ name }) => name)).size).toBe(1150)
    expect(pageInfo).toEqual({ hasNextPage: false, endCursor: null })
  }
  const apps = await query(`{ apps(organizationId: "${long}") { nodes { name } pageInfo { hasNextPage } } }`)
  expect((apps.data as { apps: { nodes: unknown[] } }).apps.nodes).toHaveLength(1151)
  const { data } = await query(`{ of: app(name: "long-0") { limitedAccessTokens(first: 1000) { ${list} } } }`)
  const { nodes, pageInfo } = tokensOf(data)
  expect(nodes).toHaveLength(1000)
  expect(pageInfo).toEqual({ hasNextPage: true, endCursor: expect.any(String) })
})

describe('what is not a query', () => {
  test('is answered with 200 and an error that repeats nothing', async () => {
    const secret = 'fo1_very-secret-and-pasted-in-the-wrong-place-0'
    const bodies: readonly Asked[] = [
      { text: '' },
      { text: secret },
      { text: '[]' },
      { text: '"query"' },
      { body: {} },
      { body: { query: '' } },
      { body: { query: 7 } },
      { body: { query: `{ "${secret}"` } },
      { body: { query: `{ app(name: ${secret}) { id } }` } },
      { body: { query: `{ apps(first: "${secret}") { nodes { id } } }` } },
      { body: { query: 'query($n: Int) { apps(first: $n) { nodes { id } } }', variables: { n: secret } } },
      { body: { query: 'mutation($i: LogOutInput!) { logOut(input: $i) { ok } }', variables: { i: { [secret]: 1 } } } },
      { body: { query: `{ organization(slug: "personal") { ${secret.replaceAll('-', '_')} } }` } },
      { body: { query: '{ viewer { email } }', variables: [secret] } },
      { body: { query: '{ viewer { email } }', operationName: 'Other' } },
      { body: { query: 'subscription { viewer { email } }' } },
      { text: 'query', headers: { 'content-type': 'application/graphql' } },
    ]
    for (const asked of bodies) {
      const { errors = [], data } = await post({ token: ada.token, ...asked })
      expect(errors.length, JSON.stringify(asked)).toBeGreaterThan(0)
      expect(data).toBeNull()
      expect(JSON.stringify(errors)).not.toContain('secret')
      for (const { extensions } of errors) {
        expect(Object.keys(extensions)).toEqual(['code'])
        expect(extensions.code, JSON.stringify(asked)).toMatch(/^INVALID|^NOT_SERVED$/)
      }
    }
  })

  test('does not describe itself', async () => {
    expect(await refusalOf(query('{ __schema { queryType { name } } }').then(first))).toMatch(/introspection/)
    expect(await refusalOf(query('{ __type(name: "User") { name } }').then(first))).toMatch(/introspection/)
    expect((await query('{ __typename }')).data).toEqual({ __typename: 'Queries' })
  })

  test('is refused where it is too much', async () => {
    const deep = `{ organization(slug: "acme") ${'{ remoteBuilderApp { organization '.repeat(8)}{ id }${' } }'.repeat(8)} }`
    const aliases = (count: number) =>
      `{ ${Array.from({ length: count }, (_, i) => `a${i}: viewer { email }`).join(' ')} }`
    expect(await refusalOf(query(deep))).toMatch(/nested \d+ deep/)
    expect(await refusalOf(query(aliases(21)))).toMatch(/too many aliases/)
    expect(await refusalOf(query(`{ viewer { ${'email '.repeat(600)} } }`))).toMatch(/one field too often/)
    expect(await refusalOf(query(`{ viewer { ${'email '.repeat(2000)} } }`))).toMatch(/too long/)
    expect(await refusalOf(query(`{ viewer { email } } # ${'x'.repeat(70_000)}`))).toMatch(/too large/)
    expect((await query(aliases(20))).errors).toBeUndefined()
  })

  test('does not make one request do the work of many', async () => {
    const each = 'limitedAccessTokens(first: 1) { nodes { id } } members { totalCount } viewerRole'
    const text = `{ ${Array.from({ length: 15 }, (_, i) => `a${i}: app(name: "web-1") { organization { ${each} } }`).join(' ')} }`
    const { errors = [] } = await query(text)
    expect(errors[0]?.message).toMatch(/asks for too much at once/)
  })
})

function first({ data, errors = [] }: GraphqlAnswer): GraphqlAnswer {
  return { data, errors: errors.slice(0, 1) }
}

describe('a token that a Mutations caveat limits', () => {
  const createToken = `mutation($org: ID!) {
    createLimitedAccessToken(input: { organizationId: $org, name: "x", profile: "deploy_organization", expiry: "1h" }) {
      limitedAccessToken { tokenHeader organization { limitedAccessTokens { nodes { id } } } }
    }
  }`
  const createTokenOnly = createToken.replace(/ organization \{.*\}(?= \})/, '')

  test('may do what it names, and hands the limit on', async () => {
    const { token } = await mint(authority.ask, ada.token, slug)
    const limited = narrow(token, { type: 'Mutations', mutations: ['createLimitedAccessToken'] })
    const { data, errors } = await query(createTokenOnly, { org: slug }, limited)
    expect(errors).toBeUndefined()
    const payload = (data ?? {})['createLimitedAccessToken'] as { limitedAccessToken: { tokenHeader: string } }
    const made = payload.limitedAccessToken.tokenHeader
    expect(await refusalOf(query('{ app(name: "web-1") { id } }', {}, made))).toMatch(/this is no mutation/)
  })

  test('may do nothing else, through any door', async () => {
    const { token } = await mint(authority.ask, ada.token, slug)
    const limited = narrow(token, { type: 'Mutations', mutations: ['createLimitedAccessToken'] })
    for (const [text, variables] of [
      ['mutation($org: ID!) { createApp(input: { organizationId: $org, name: "no" }) { app { id } } }', { org: slug }],
      ['mutation { deleteApp(appId: "web-1") { organization { id } } }', {}],
      ['{ app(name: "web-1") { id } }', {}],
      ['{ organization(slug: "acme") { id } }', {}],
      // An alias is not a name.
      ['mutation { createLimitedAccessToken: deleteApp(appId: "web-1") { organization { id } } }', {}],
    ] as const) {
      expect(await refusalOf(query(text, variables, limited))).toMatch(/^FORBIDDEN: .*Mutations allows only/)
    }
    // What is read beneath a mutation is no mutation.
    expect(await refusalOf(query(createToken, { org: slug }, limited))).toMatch(/this is no mutation/)
    const { ask } = authority
    expect((await ask('GET', '/v1/apps/web-1', { token: limited })).status).toBe(403)
    expect((await ask('POST', `/v1/orgs/${slug}/tokens`, { token: limited, body: {} })).status).toBe(403)
    expect((await query('{ apps { nodes { id } } }', {}, limited)).data).toEqual({ apps: { nodes: [] } })
    expect(await statusOf(ask, limited)).toBe(200)
  })

  test('is nothing to a person, and to a token without one', async () => {
    const { token } = await mint(authority.ask, ada.token, slug)
    expect((await query(createTokenOnly, { org: slug }, token)).errors).toBeUndefined()
    expect((await query(createTokenOnly, { org: slug })).errors).toBeUndefined()
  })
})

test('every answer is 200 with data or errors', async () => {
  const words = Object.values(createSchema().getTypeMap()).flatMap((type) => [
    type.name,
    ...('getFields' in type ? Object.keys(type.getFields()) : []),
  ])
  const word = fc.constantFrom(...words, 'query', 'mutation', 'on', '__typename')
  const value = fc.oneof(
    fc.constantFrom('"acme"', '"web-1"', '1', 'null', '{}', '[]', '$x'),
    fc.string().map((s) => JSON.stringify(s)),
  )
  const { selection } = fc.letrec<{ selection: string }>((tie) => ({
    selection: fc.oneof(
      { maxDepth: 5 },
      word,
      fc.tuple(word, word, value).map(([field, name, given]) => `${field}(${name}: ${given})`),
      fc
        .tuple(word, fc.array(tie('selection'), { minLength: 1, maxLength: 4 }))
        .map(([f, s]) => `${f} { ${s.join(' ')} }`),
      fc
        .tuple(word, word, value, fc.array(tie('selection'), { minLength: 1, maxLength: 3 }))
        .map(([f, n, v, s]) => `${f}(${n}: ${v}) { ${s.join(' ')} }`),
      fc.tuple(word, tie('selection')).map(([type, s]) => `... on ${type} { ${s} }`),
    ),
  }))
  const document = fc.oneof(
    fc.array(selection, { minLength: 1, maxLength: 4 }).map((all) => `{ ${all.join(' ')} }`),
    selection.map((one) => `query($x: String) { ${one} }`),
    anyText({ maxLength: 100 }),
  )
  const body = fc.oneof(
    document.map((text) => ({ query: text })),
    fc.record({ query: document, variables: fc.jsonValue(), operationName: fc.jsonValue() }),
    fc.jsonValue(),
  )
  await fc.assert(
    fc.asyncProperty(body, async (asked) => {
      const { data, errors } = await post({ token: ada.token, body: asked })
      if (errors === undefined) expect(data).toBeTypeOf('object')
      for (const { extensions } of errors ?? []) expect(extensions.code).not.toBe('SERVER_ERROR')
    }),
    { numRuns: 200 },
  )
})
