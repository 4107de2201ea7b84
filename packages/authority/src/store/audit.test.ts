// The history of a token uses three indexes, and the list of an organization one of them. A mint writes only to that one.
import { DatabaseSync } from 'node:sqlite'

import { expect, test } from 'vitest'

import { audit } from './audit.ts'
import { sqliteWords, sqlOf } from './migration.ts'
import { migrations } from './migrations.ts'
import { compile, type Query, type QuerySession } from './query.ts'
import { createSqliteCompiler } from './sqlite-connection.ts'

/** How SQLite runs what `ask` asks. */
async function planOf(ask: (asked: ReturnType<typeof audit>) => Promise<unknown>): Promise<readonly string[]> {
  const database = new DatabaseSync(':memory:', { defensive: false })
  for (const migration of migrations) {
    for (const statement of migration.statements(sqliteWords)) database.exec(sqlOf(statement))
  }
  const plan: string[] = []
  const session: QuerySession = {
    one: async () => undefined,
    async many<P, Row>(query: Query<P, Row>) {
      const { sql } = compile(createSqliteCompiler(), query)
      for (const { detail } of database.prepare(`explain query plan ${sql}`).all()) plan.push(String(detail))
      return []
    },
    run: async () => {},
    insert: async () => true,
    append: async () => {},
  }
  await ask(audit(session))
  return plan.filter((line) => /audit_events|last|B-TREE/.test(line))
}

test('the history of a token reads only indexes', async () => {
  const token = { id: 'x', organisationId: 1, createdAt: 1, targets: ['a', 'b', 'c'] as const }
  const plan = await planOf((events) => events.ofToken(token, { limit: 10 }))
  expect(plan.filter((line) => line.includes('audit_events'))).toEqual([
    expect.stringContaining('SEARCH audit_events USING INDEX audit_events_of_token (actor_id=? AND id<?)'),
    ...Array.from({ length: 3 }, () =>
      expect.stringContaining('USING INDEX audit_events_of_target (target=? AND organisation_id=? AND id<?)'),
    ),
    expect.stringContaining('USING INDEX audit_events_by_time (organisation_id=? AND at=? AND id<?)'),
  ])
})

test('the events of an organization are read in the order of their index', async () => {
  expect(await planOf((events) => events.ofOrganisation(1, { limit: 10 }))).toEqual([
    'SEARCH audit_events USING INDEX audit_events_by_time (organisation_id=?)',
  ])
  expect(await planOf((events) => events.ofOrganisation(1, { limit: 10, before: 7 }))).toEqual([
    'SEARCH audit_events USING INDEX audit_events_by_time (organisation_id=? AND at<?)',
    'SEARCH last USING INTEGER PRIMARY KEY (rowid=?)',
  ])
})
