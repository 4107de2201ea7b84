// Lists of tokens over HTTP: in every order and state, searched, and from page to page.
import { beforeAll, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { withDatabase } from './authority.ts'
import { expectAnswer, expectRefusal } from './http.ts'
import { createApp, createOrganisation, mint, revoke } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

const prepared = prepareAuthority()
const { authority, ask, admin } = prepared
const slug = prepareOrganisation(prepared)
beforeAll(async () => {
  const app = await createApp(ask, admin.token, slug, 'web')
  for (const [name, expiry] of [
    ['Web deploy', '1h'],
    ['api', '3h'],
    ['WEB read', '2h'],
    ['100%', '4h'],
  ] as const) {
    await mint(ask, admin.token, slug, { name, expiry })
  }
  await mint(ask, admin.token, slug, { name: 'app token', expiry: '5h', profile: 'deploy', app: app.name })
  await revoke(ask, admin.token, (await mint(ask, admin.token, slug, { name: 'gone web', expiry: '6h' })).id)
})

const list = (query: Readonly<Record<string, string>>, path = `/v1/orgs/${slug}/tokens`) =>
  authority.ask('GET', `${path}?${new URLSearchParams(query).toString()}`, { token: admin.token })

async function names(query: Readonly<Record<string, string>>, path?: string): Promise<readonly string[]> {
  const { tokens } = expectAnswer(routes.listOrganisationTokens, await list(query, path))
  return tokens.map(({ name }) => name)
}

test.each([
  [{}, ['app token', '100%', 'api', 'WEB read', 'Web deploy']],
  [{ order: 'asc' }, ['Web deploy', 'WEB read', 'api', '100%', 'app token']],
  [{ sort: 'created_at' }, ['app token', '100%', 'WEB read', 'api', 'Web deploy']],
  [{ sort: 'name' }, ['100%', 'api', 'app token', 'Web deploy', 'WEB read']],
  [{ sort: 'name', order: 'desc', search: 'web' }, ['WEB read', 'Web deploy']],
  [{ search: '%' }, ['100%']],
  [{ search: '' }, ['app token', '100%', 'api', 'WEB read', 'Web deploy']],
  [{ search: 'web', state: 'all' }, ['gone web', 'WEB read', 'Web deploy']],
  [{ state: 'revoked' }, ['gone web']],
  [{ state: 'expired' }, []],
] as const)('%j lists %j', async (query, expected) => {
  expect(await names(query)).toEqual(expected)
})

test.each([
  [{}, 5],
  [{ state: 'all', search: 'web' }, 3],
  [{ profile: 'deploy' }, 1],
  [{ created_by: 'ADA@example.com', ends_within: '3h' }, 3],
  [{ created_by: 'nobody@example.com' }, 0],
  [{ approval: 'pending' }, 0],
] as const)('%j are counted: %i', async (query, expected) => {
  const answer = await list(query, `/v1/orgs/${slug}/tokens/count`)
  expect(expectAnswer(routes.countOrganisationTokens, answer)).toEqual({ count: expected, more: false })
  if (Object.keys(query).length > 0) expect(await names(query)).toHaveLength(expected)
})

test('the tokens of an app are counted likewise', async () => {
  const answer = await list({}, '/v1/apps/web/tokens/count')
  expect(expectAnswer(routes.countAppTokens, answer)).toEqual({ count: 1, more: false })
})

test('what ends within a time is live', async () => {
  expectRefusal(await list({ ends_within: '7d', state: 'all' }), 400)
})

test('a token is renamed, and the audit trail says to what', async () => {
  const { id } = await mint(ask, admin.token, slug, { name: 'before', expiry: '1h' })
  const answer = await ask('PATCH', `/v1/tokens/${id}`, { token: admin.token, body: { name: 'after' } })
  expect(expectAnswer(routes.renameToken, answer)).toMatchObject({ id, name: 'after', state: 'live' })
  const history = await ask('GET', `/v1/tokens/${id}/history`, { token: admin.token })
  expect(expectAnswer(routes.showTokenHistory, history).events[0]).toMatchObject({
    operation: 'token.rename',
    reason: 'to after',
  })
  expectRefusal(await ask('PATCH', `/v1/tokens/${id}`, { token: admin.token, body: { name: 'a\nb' } }), 400)
  await revoke(ask, admin.token, id)
})

test('the tokens of an app are listed likewise', async () => {
  expect(await names({ sort: 'name', search: 'TOKEN' }, '/v1/apps/web/tokens')).toEqual(['app token'])
  expect(await names({ sort: 'created_at', state: 'all' }, '/v1/apps/web/tokens')).toEqual(['app token'])
})

test('pages make up the list in every order, and each cursor is for its own list', async () => {
  for (const sort of ['expires_at', 'created_at', 'name']) {
    for (const order of ['asc', 'desc']) {
      for (const search of ['', 'we']) {
        const query = { sort, order, search, state: 'all' }
        const listed: string[] = []
        let cursor: string | undefined
        do {
          const answer = await list({ ...query, limit: '2', ...(cursor === undefined ? {} : { cursor }) })
          const page = expectAnswer(routes.listOrganisationTokens, answer)
          for (const { name } of page.tokens) listed.push(name)
          cursor = page.next_cursor
        } while (cursor !== undefined)
        expect(listed).toEqual(await names(query))
      }
    }
  }
  const { next_cursor: cursor = '' } = expectAnswer(routes.listOrganisationTokens, await list({ limit: '1' }))
  for (const other of [{ sort: 'name' }, { order: 'asc' }, { search: 'w' }, { state: 'all' }]) {
    const error = expectRefusal(await list({ cursor, ...other }), 400)
    expect(error).toMatchObject({ field: 'cursor', message: expect.stringContaining('start again without a cursor') })
  }
  expect((await list({ cursor, limit: '3' })).status).toBe(200)
})

test('a cursor of another organisation leads nowhere', async () => {
  const elsewhere = await createOrganisation(authority.ask, admin.token)
  for (const name of ['one', 'two']) await mint(authority.ask, admin.token, elsewhere.slug, { name })
  const answer = await list({ limit: '1' }, `/v1/orgs/${elsewhere.slug}/tokens`)
  const { next_cursor: cursor = '' } = expectAnswer(routes.listOrganisationTokens, answer)
  expect(expectRefusal(await list({ cursor }), 400)).toMatchObject({ field: 'cursor', code: 'invalid_request' })
})

test.each([
  [{ sort: 'id' }, 'sort'],
  [{ order: 'up' }, 'order'],
  [{ state: 'dead' }, 'state'],
  [{ search: 'x'.repeat(129) }, 'search'],
  [{ search: 'a\0' }, 'search'],
  [{ limit: '0' }, 'limit'],
  [{ search: 'a', unknown: '1' }, 'unknown'],
] as const)('%j is refused', async (query, field) => {
  expect(expectRefusal(await list(query), 400).message).toContain(field)
})

test('a search among many ends in one answer, whether it finds the last of them or none', async () => {
  const organisation = await createOrganisation(authority.ask, admin.token, 'Many')
  await mint(authority.ask, admin.token, organisation.slug, { name: 'the needle', expiry: '1h' })
  withDatabase(authority.directory, (database) => {
    database.exec(`with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 25000)
      insert into tokens (id, organisation_id, profile, name, name_key, created_at, expires_at)
      select randomblob(16), organisations.id, 'deploy_organization', 'hay', 'hay', n, 4000000000000
      from numbers join organisations on organisations.slug = '${organisation.slug}'`)
  })
  const path = `/v1/orgs/${organisation.slug}/tokens`
  for (const [search, found] of [
    ['needle', ['the needle']],
    ['straw', []],
  ] as const) {
    const answer = expectAnswer(routes.listOrganisationTokens, await list({ search, state: 'live' }, path))
    expect(answer.tokens.map(({ name }) => name)).toEqual(found)
    expect(answer.next_cursor).toBeUndefined()
  }
})
