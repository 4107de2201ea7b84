// Counts the things of an organisation, and stops when enough are counted.
import { sql, type SqlBool } from 'kysely'

import type { Quota } from '../domain/organisation.ts'
import { query, type Param, type Query, type QuerySession } from './query.ts'

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

const counts: Readonly<Record<Quota, Query<Parameters, { readonly count: number }>>> = {
  apps: query((db, param: Param<Parameters>) =>
    db
      .selectFrom(
        db
          .selectFrom('apps')
          .select('name')
          .where('organisation_id', '=', param('organisationId'))
          .limit(param('most'))
          .as('some'),
      )
      .select((eb) => eb.fn.countAll<number>().as('count')),
  ),
  machines: query((db, param: Param<Parameters>) =>
    db
      .selectFrom(
        db
          .selectFrom('machines')
          .select('id')
          .where('organisation_id', '=', param('organisationId'))
          .where(sql<SqlBool>`state <> 'destroyed'`)
          .limit(param('most'))
          .as('some'),
      )
      .select((eb) => eb.fn.countAll<number>().as('count')),
  ),
  volumes: query((db, param: Param<Parameters>) =>
    db
      .selectFrom(
        db
          .selectFrom('volumes')
          .select('id')
          .where('organisation_id', '=', param('organisationId'))
          .where(sql<SqlBool>`state <> 'destroyed'`)
          .limit(param('most'))
          .as('some'),
      )
      .select((eb) => eb.fn.countAll<number>().as('count')),
  ),
  volumeGb: query((db, param: Param<Parameters>) =>
    db
      .selectFrom(
        db
          .selectFrom('volumes')
          .select('size_gb')
          .where('organisation_id', '=', param('organisationId'))
          .where(sql<SqlBool>`state <> 'destroyed'`)
          // Each has a GB at least.
          .limit(param('most'))
          .as('some'),
      )
      .select(sql<number>`cast(coalesce(sum(size_gb), 0) as integer)`.as('count')),
  ),
  members: query((db, param: Param<Parameters>) =>
    db
      .selectFrom(
        db
          .selectFrom('memberships')
          .select('user_id')
          .where('organisation_id', '=', param('organisationId'))
          .limit(param('most'))
          .as('some'),
      )
      .select((eb) => eb.fn.countAll<number>().as('count')),
  ),
  tokens: query((db, param: Param<Parameters>) =>
    db
      .selectFrom(
        db
          .selectFrom('tokens')
          .select('created_at')
          .where('organisation_id', '=', param('organisationId'))
          .where('revoked_at', 'is', null)
          .where('expires_at', '>', param('now'))
          .limit(param('most'))
          .as('some'),
      )
      .select((eb) => eb.fn.countAll<number>().as('count')),
  ),
}
