// Tries that count for all servers on one database: a row each, so that servers that count at once wait for nobody.
import { PostgresAdapter, sql, type Expression, type Kysely, type RawBuilder, type SqlBool } from 'kysely'

import type { Transaction } from '../domain/store.ts'
import { query, type Param, type QuerySession } from './query.ts'
import type { Database } from './schema.ts'

export function tries(session: QuerySession): Transaction['tries'] {
  return {
    wait: async ({ key, most, span }) => {
      const row = await session.one(decisive, { key, span, earlier: most - 1, one: 1 })
      return row === undefined ? 0 : Math.min(span, Math.max(1, row.left))
    },
    haveEnded: async () => (await session.one(firstEnded, { limit: 1 })) !== undefined,
    count: ({ key, span }) => session.run(insert, { key, span }),
    removeEnded: async () => (await session.many(removeEnded, { limit: stepSize })).length === stepSize,
  }
}

/** Takes a few milliseconds, while others wait. */
const stepSize = 64

/** The clock of the database in milliseconds. It stands still during a statement, so that indexes are used. */
function clockOf(db: Kysely<Database>): RawBuilder<number> {
  return db.getExecutor().adapter instanceof PostgresAdapter
    ? sql`cast(extract(epoch from statement_timestamp()) * 1000 as bigint)`
    : sql`cast(unixepoch('subsec') * 1000 as integer)`
}

const later = (db: Kysely<Database>, span: Expression<number>) => sql<number>`${clockOf(db)} + ${span}`

/** The try before which there are as many as allowed, less one: when it ends, the next is allowed. */
const decisive = query((db, param: Param<{ key: Uint8Array; span: number; earlier: number; one: number }>) =>
  db
    .selectFrom('counted_tries')
    .select(sql<number>`expires_at - ${clockOf(db)}`.as('left'))
    .where('key_hash', '=', param('key'))
    .where(sql<SqlBool>`expires_at > ${clockOf(db)}`)
    // One that was counted by a clock far ahead must not lock somebody out until then.
    .where(sql<SqlBool>`expires_at <= ${later(db, param('span'))} + ${param('span')}`)
    .orderBy('expires_at', 'desc')
    .limit(param('one'))
    .offset(param('earlier')),
)

const insert = query((db, param: Param<{ key: Uint8Array; span: number }>) =>
  db.insertInto('counted_tries').values({ key_hash: param('key'), expires_at: later(db, param('span')) }),
)

const firstEnded = query((db, param: Param<{ limit: number }>) =>
  db
    .selectFrom('counted_tries')
    .select('id')
    .where(sql<SqlBool>`expires_at <= ${clockOf(db)}`)
    .limit(param('limit')),
)

const removeEnded = query((db, param: Param<{ limit: number }>) =>
  db
    .deleteFrom('counted_tries')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('counted_tries')
        .select('id')
        .where(sql<SqlBool>`expires_at <= ${clockOf(db)}`)
        .orderBy('expires_at')
        .limit(param('limit')),
    )
    .returning('id'),
)
