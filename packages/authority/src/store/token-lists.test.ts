// How much the token lists read: each reads one index, or two, whatever it filters by; and if a page ends before it is
// full, the next one continues there.
import { randomFillSync } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'

import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'

import { firstEndPlace } from '../domain/notice.ts'
import type { TokenQuery } from '../domain/token.ts'
import { sqliteWords, sqlOf } from './migration.ts'
import { migrations } from './migrations.ts'
import { notices } from './notices.ts'
import { compile, type Query, type QuerySession } from './query.ts'
import { createSqliteCompiler, SqliteConnection, SqliteSession } from './sqlite-connection.ts'
import { createToken } from './testing/seed.ts'
import { belongs, compareTokens } from './testing/tokens.ts'
import { tokenLists } from './token-lists.ts'
import { tokens } from './tokens.ts'
import { uses } from './uses.ts'

const database = new DatabaseSync(':memory:', { defensive: false })
const compiler = createSqliteCompiler()
beforeAll(() => {
  for (const migration of migrations) {
    for (const statement of migration.statements(sqliteWords)) database.exec(sqlOf(statement))
  }
})

/** Explains queries instead of running them; every step ends at some position. */
class ExplainingSession implements QuerySession {
  readonly steps: string[] = []
  readonly pages: string[] = []

  async one<P, Row>(query: Query<P, Row>): Promise<Row | undefined> {
    this.steps.push(...explain(query))
    return undefined
  }

  async many<P, Row>(query: Query<P, Row>): Promise<readonly Row[]> {
    this.pages.push(...explain(query))
    return []
  }

  async run(): Promise<void> {}

  async insert(): Promise<boolean> {
    return true
  }

  async append(): Promise<void> {}
}

function explain<P, Row>(query: Query<P, Row>): readonly string[] {
  return database
    .prepare(`explain query plan ${compile(compiler, query).sql}`)
    .all()
    .map(({ detail }) => String(detail))
}

const states = ['live', 'all', 'revoked', 'expired'] as const
const sorts = ['expires_at', 'created_at', 'name'] as const
const orders = ['asc', 'desc'] as const
const everyList = states.flatMap((state) =>
  sorts.flatMap((sort) => orders.flatMap((order) => ['', 'web'].map((search) => ({ state, sort, order, search })))),
)

test('tokens whose notices are due are found by the index of the list of live tokens, in its order', async () => {
  const session = new ExplainingSession()
  session.one = async (query) => {
    session.steps.push(...explain(query))
    return { last: 5 } as never
  }
  await notices(session).ending(firstEndPlace, { from: 1, until: 2 }, 50)
  for (const plan of [session.pages, session.steps]) {
    expect(plan.filter((line) => line.includes('SEARCH tokens'))).toEqual([
      expect.stringMatching(
        /USING (?:COVERING )?INDEX tokens_of_organisation_live \(organisation_id=\? AND .*expires_at/,
      ),
    ])
  }
  expect(session.pages.filter((line) => line.includes('TEMP B-TREE'))).toEqual([])
})

describe('a page of tokens', () => {
  test.each(everyList)('of %j reads an index with everything it filters by', async (list) => {
    for (const owner of ['organisation', 'app'] as const) {
      const session = new ExplainingSession()
      const query: TokenQuery = { ...list, now: 1, limit: 50 }
      await (owner === 'app'
        ? tokenLists().ofApp(session, { id: 1, organisationId: 1 }, query)
        : tokenLists().ofOrganisation(session, 1, query))
      const walked = { created_at: ['tokens_by_age'], name: ['tokens_by_name'], expires_at: parts(owner, list.state) }
      for (const plan of [session.steps, session.pages].filter(({ length }) => length > 0)) {
        const searches = plan.filter((line) => / tokens /.test(line) && !line.includes('USING PRIMARY KEY'))
        expect(searches).toEqual(
          walked[list.sort].map((index) => expect.stringMatching(`SEARCH tokens USING COVERING INDEX ${index} .*[<>]`)),
        )
      }
      // Only the page itself is sorted, once it is found.
      expect(session.steps.filter((line) => line.includes('TEMP B-TREE'))).toEqual([])
      const sorts = list.sort === 'expires_at' && list.state === 'all' ? 4 : 1
      expect(session.pages.filter((line) => line.includes('TEMP B-TREE')).length).toBeLessThanOrEqual(sorts)
      expect(session.pages.filter((line) => /tokens.*USING PRIMARY KEY/.test(line))).toHaveLength(1)
    }
  })

  test.each(everyList)('of %j by a maker, a kind and a time without use scans the index too', async (list) => {
    const session = new ExplainingSession()
    const query: TokenQuery = { ...list, now: 1, limit: 50, createdBy: 1, profile: 'deploy', unusedSince: 3 }
    await tokenLists().ofOrganisation(session, 1, query)
    await tokenLists().count(session, { organisation: 1, app: null }, query)
    const scans = [...session.steps, ...session.pages].filter((line) => / (?:tokens|met|token_uses) /.test(line))
    for (const line of scans.filter((each) => !each.includes('PRIMARY KEY'))) {
      expect(line).toMatch(/SEARCH tokens USING COVERING INDEX .*[<>]/)
    }
  })

  test.each(everyList.filter(({ sort }) => sort === 'name'))(
    'by last use, as of %j, reads as many entries of an index as it looks up',
    async ({ state, order, search }) => {
      for (const unusedSince of [undefined, 3]) {
        const session = new ExplainingSession()
        const query: TokenQuery = { state, order, search, sort: 'last_used_at', now: 1, limit: 50, unusedSince }
        await tokenLists().ofOrganisation(session, 1, query)
        const searches = (lines: readonly string[]) =>
          lines.filter((line) => /(?:SEARCH|SCAN) (?:tokens|token_uses)/.test(line) && !line.includes('PRIMARY KEY'))
        const indexes = [
          'token_uses USING COVERING INDEX token_uses_by_time',
          'tokens USING COVERING INDEX tokens_by_age',
        ]
        const expected = (order === 'desc' ? indexes : indexes.toReversed()).map((index) =>
          expect.stringMatching(`SEARCH ${index} .*[<>]`),
        )
        expect(searches(session.steps)).toEqual(expected)
        expect(searches(session.pages)).toEqual(expected)
        expect(session.steps.filter((line) => line.includes('TEMP B-TREE'))).toEqual([])
      }
    },
  )
})

function parts(owner: string, state: TokenQuery['state']): readonly string[] {
  const [live, revoked] = [`tokens_of_${owner}_live`, `tokens_of_${owner}_revoked`]
  if (state === 'all') return [live, revoked]
  return [state === 'revoked' ? revoked : live]
}

test('pages that end early make up the whole list, wherever they end', async () => {
  const connection = new SqliteConnection(database)
  let organisation = 1000
  const time = fc.integer({ min: 1, max: 4 })
  const token = fc.record({
    name: fc.constantFrom('a', 'B', 'web', 'WEB-1', 'Ünder', '%'),
    createdAt: time,
    expiresAt: time,
    revokedAt: fc.option(time),
    appId: fc.constantFrom(null, null, 7),
    profile: fc.constantFrom('deploy_organization' as const, 'deploy' as const),
    usedAt: fc.option(time, { nil: undefined }),
  })
  const steps = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 })
  const query = fc.record({
    state: fc.constantFrom(...states),
    sort: fc.constantFrom(...sorts, 'last_used_at' as const),
    order: fc.constantFrom(...orders),
    unusedSince: fc.constantFrom(undefined, undefined, 1, 3, 5),
    endsBy: fc.constantFrom(undefined, undefined, 2, 4),
    profile: fc.constantFrom(undefined, undefined, 'deploy_organization' as const, 'deploy' as const),
    search: fc.constantFrom('', 'e', 'ü', '%', 'nobody'),
    now: fc.integer({ min: 0, max: 5 }),
    limit: fc.integer({ min: 1, max: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(token, { maxLength: 25 }),
      steps,
      query,
      fc.boolean(),
      async (drafts, steps, asked, ofApp) => {
        organisation += 1
        const session = new SqliteSession(connection)
        const all = drafts.map(({ usedAt, ...draft }) => ({ ...createToken(organisation, draft), usedAt }))
        for (const each of all) await tokens(session).insert(each)
        const used = all.flatMap(({ id, usedAt: at }) =>
          at === undefined
            ? []
            : [{ id, at, operation: 'app.list', userAgent: '', usedFrom: [{ address: '::1', at }] as const }],
        )
        await uses(session).record({ tokens: used, logins: [] })
        const lists = tokenLists(steps)
        const listed: string[] = []
        let after: string | undefined
        let pages = 0
        do {
          const next: TokenQuery = after === undefined ? asked : { ...asked, after }
          const page = await (ofApp
            ? lists.ofApp(session, { id: 7, organisationId: organisation }, next)
            : lists.ofOrganisation(session, organisation, next))
          expect(page.items.length).toBeLessThanOrEqual(asked.limit)
          for (const { id } of page.items) listed.push(id)
          after = page.next
          pages += 1
        } while (after !== undefined && pages <= 2 * all.length + 2)
        const expected = all
          .filter((each) => belongs(each, asked) && (!ofApp || each.appId === 7))
          .sort((a, b) => compareTokens(a, b, asked))
        expect(listed).toEqual(expected.map(({ id }) => id))
        // The index of all apps has the rows of each app, so that no other run may leave any.
        database.exec('delete from tokens; delete from token_uses')
      },
    ),
    { numRuns: 300 },
  )
})

test('a token that ended since the page before is not listed again as live, nor is any before it', async () => {
  const session = new SqliteSession(new SqliteConnection(database))
  const [one, two, three] = [10, 20, 30].map((expiresAt) => createToken(1, { expiresAt }))
  for (const token of [one, two, three]) if (token !== undefined) await tokens(session).insert(token)
  const query = { state: 'live', sort: 'expires_at', order: 'asc', search: '', limit: 1 } as const
  const first = await tokenLists().ofOrganisation(session, 1, { ...query, now: 5 })
  expect(first.items.map(({ id }) => id)).toEqual([one?.id])
  const later = await tokenLists().ofOrganisation(session, 1, { ...query, now: 25, after: first.next ?? '' })
  expect(later.items.map(({ id }) => id)).toEqual([three?.id])
  database.exec('delete from tokens')
})

test('a search reads ten thousand tokens and then returns what it has found', async () => {
  const insert =
    database.prepare(`insert into tokens (id, organisation_id, profile, name, name_key, created_at, expires_at)
    values (?, 2, 'deploy_organization', 'ci', ?, ?, 9)`)
  const ids = randomFillSync(new Uint8Array(50_000 * 16))
  database.exec('begin')
  for (let number = 0; number < 50_000; number++) {
    insert.run(ids.subarray(number * 16, number * 16 + 16), number % 30_000 === 29_999 ? 'needle' : 'hay', number)
  }
  database.exec('commit')
  const session = new SqliteSession(new SqliteConnection(database))
  const query = { state: 'live', sort: 'created_at', order: 'asc', search: 'Needle', now: 5, limit: 10 } as const
  const sizes: number[] = []
  let after: string | undefined
  do {
    const page = await tokenLists().ofOrganisation(session, 2, after === undefined ? query : { ...query, after })
    sizes.push(page.items.length)
    after = page.next
  } while (after !== undefined)
  expect(sizes).toEqual([0, 0, 1, 0, 0, 0])
  database.exec('delete from tokens')
})
