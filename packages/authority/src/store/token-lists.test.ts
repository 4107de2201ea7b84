// The plans of the token lists: each walks one index, so that a page costs the same however many tokens there are.
import { DatabaseSync } from 'node:sqlite'

import { beforeAll, describe, expect, test } from 'vitest'

import { migrations, sqliteWords } from './migrations.ts'
import { compile, type Query, type Session } from './query.ts'
import { createSqliteCompiler } from './sqlite-connection.ts'
import { tokens } from './tokens.ts'

const database = new DatabaseSync(':memory:')
beforeAll(() => {
  for (const migration of migrations) {
    for (const statement of migration.statements(sqliteWords)) database.exec(statement)
  }
})

/** Explains queries where others run them. */
class ExplainingSession implements Session {
  readonly plan: string[] = []

  async one(): Promise<undefined> {
    return undefined
  }

  async many<P, Row>(query: Query<P, Row>): Promise<readonly Row[]> {
    const { sql } = compile(createSqliteCompiler(), query)
    for (const { detail } of database.prepare(`explain query plan ${sql}`).all()) this.plan.push(String(detail))
    return []
  }

  async run(): Promise<void> {}
}

describe('a page of tokens', () => {
  test.each([
    ['ofOrganisation', 'live', 'tokens_of_organisation_live'],
    ['ofOrganisation', 'all', 'tokens_of_organisation'],
    ['ofApp', 'live', 'tokens_of_app_live'],
    ['ofApp', 'all', 'tokens_of_app'],
  ] as const)('%s, %s, walks %s, and sorts nothing', async (list, state, index) => {
    const session = new ExplainingSession()
    await tokens(session)[list](1, { state, now: 1, limit: 50 })
    expect(session.plan[0]).toContain(`SEARCH tokens USING INDEX ${index} (`)
    expect(session.plan[0]).toContain('(expires_at,id)<(?,?)')
    expect(session.plan.slice(1)).toEqual([
      expect.stringContaining('SEARCH users USING INTEGER PRIMARY KEY'),
      expect.stringContaining('SEARCH apps USING INTEGER PRIMARY KEY'),
    ])
  })
})
