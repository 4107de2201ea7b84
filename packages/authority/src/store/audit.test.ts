// The history of a token uses three indexes. A mint writes to one of them, whose page all mints of the time share.
import { DatabaseSync } from 'node:sqlite'

import { expect, test } from 'vitest'

import { audit } from './audit.ts'
import { sqliteWords, sqlOf } from './migration.ts'
import { migrations } from './migrations.ts'
import { compile, type Query, type QuerySession } from './query.ts'
import { createSqliteCompiler } from './sqlite-connection.ts'

test('the history of a token reads only indexes', async () => {
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
  await audit(session).ofToken({ id: 'x', organisationId: 1, createdAt: 1, targets: ['a', 'b', 'c'] }, { limit: 10 })
  expect(plan.filter((line) => line.includes('audit_events'))).toEqual([
    expect.stringContaining('SEARCH audit_events USING INDEX audit_events_of_token (actor_id=? AND id<?)'),
    ...Array.from({ length: 3 }, () =>
      expect.stringContaining('USING INDEX audit_events_of_target (target=? AND organisation_id=? AND id<?)'),
    ),
    expect.stringContaining('USING INDEX audit_events_of_mints (organisation_id=? AND at=? AND'),
  ])
})
