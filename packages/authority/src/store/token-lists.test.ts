// The plans of the token lists: each walks one index, or two, for a page and no further, so that a page costs the same
// however many tokens there are.
import { DatabaseSync } from 'node:sqlite'

import { beforeAll, describe, expect, test } from 'vitest'

import type { TokenQuery } from '../domain/token.ts'
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

  async insert(): Promise<boolean> {
    return true
  }
}

describe('a page of tokens', () => {
  test.each([
    ['ofOrganisation', 'organisation'],
    ['ofApp', 'app'],
  ] as const)('%s, walks one index, or merges a page each of two', async (list, owner) => {
    expect(await explain(list, 'live')).toEqual(walkOf(`tokens_of_${owner}_live .*expires_at>. ${cursor}`))
    expect(await explain(list, 'all')).toEqual([
      'MERGE (UNION ALL)',
      'LEFT',
      'CO-ROUTINE live',
      ...walkOf(`tokens_of_${owner}_live .*id=. ${cursor}`),
      'SCAN live',
      'USE TEMP B-TREE FOR ORDER BY',
      'RIGHT',
      'CO-ROUTINE revoked',
      ...walkOf(`tokens_of_${owner}_revoked .*id=. ${cursor}`),
      'SCAN revoked',
      'USE TEMP B-TREE FOR ORDER BY',
    ])
  })
})

function walkOf(index: string): readonly unknown[] {
  return [
    expect.stringMatching(`SEARCH tokens USING INDEX ${index}`),
    expect.stringContaining('SEARCH users USING INTEGER PRIMARY KEY'),
    expect.stringContaining('SEARCH apps USING INTEGER PRIMARY KEY'),
  ]
}

const cursor = 'AND .expires_at,created_at,id.<'

async function explain(list: 'ofOrganisation' | 'ofApp', state: TokenQuery['state']): Promise<readonly string[]> {
  const session = new ExplainingSession()
  await tokens(session)[list](1, { state, now: 1, limit: 50 })
  return session.plan
}
