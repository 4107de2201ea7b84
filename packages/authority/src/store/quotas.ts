// Counts the things of an organisation, and stops when enough are counted.
import { sql, type Kysely, type SelectQueryBuilder, type SqlBool } from 'kysely'

import type { Quota } from '../domain/organisation.ts'
import { query, type Param, type Query, type QuerySession } from './query.ts'
import type { Database } from './schema.ts'

/** Their number, but at most `most`. */
export async function countUpTo(
  session: QuerySession,
  organisationId: number,
  quota: Quota,
  most: number,
  now: number,
): Promise<number> {
  return (await session.one(counts[quota], { organisationId, most, now }))?.count ?? 0
}

interface Parameters {
  readonly organisationId: number
  readonly most: number
  readonly now: number
}

/** Counts the rows that a query finds. */
const countOf = <Table extends keyof Database, Row>(
  find: (db: Kysely<Database>, param: Param<Parameters>) => SelectQueryBuilder<Database, Table, Row>,
) =>
  query((db, param: Param<Parameters>) =>
    db.selectFrom(find(db, param).limit(param('most')).as('some')).select((eb) => eb.fn.countAll<number>().as('count')),
  )

/** Written as in the indexes, so that the planner uses them. */
const isThere = sql<SqlBool>`state <> 'destroyed'`

const counts: Readonly<Record<Quota, Query<Parameters, { readonly count: number }>>> = {
  apps: countOf((db, param) =>
    db.selectFrom('apps').select('name').where('organisation_id', '=', param('organisationId')),
  ),
  machines: countOf((db, param) =>
    db.selectFrom('machines').select('id').where('organisation_id', '=', param('organisationId')).where(isThere),
  ),
  volumes: countOf((db, param) =>
    db.selectFrom('volumes').select('id').where('organisation_id', '=', param('organisationId')).where(isThere),
  ),
  volumeGb: query((db, param: Param<Parameters>) =>
    db
      .selectFrom(
        db
          .selectFrom('volumes')
          .select('size_gb')
          .where('organisation_id', '=', param('organisationId'))
          .where(isThere)
          // Each has a GB at least.
          .limit(param('most'))
          .as('some'),
      )
      .select(sql<number>`cast(coalesce(sum(size_gb), 0) as integer)`.as('count')),
  ),
  members: countOf((db, param) =>
    db.selectFrom('memberships').select('user_id').where('organisation_id', '=', param('organisationId')),
  ),
  tokens: countOf((db, param) =>
    db
      .selectFrom('tokens')
      .select('created_at')
      .where('organisation_id', '=', param('organisationId'))
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', param('now')),
  ),
}
