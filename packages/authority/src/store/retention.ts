// Removes audit events and ended tokens when their time is over, in steps, oldest first.
import { sql, type SqlBool } from 'kysely'

import { query, type Param, type QuerySession } from './query.ts'
import { removeBeside } from './remove-beside.ts'

/** Whether `removeEvents` has anything to do. */
export async function eventsAreOlder(session: QuerySession, before: number): Promise<boolean> {
  const { eldest } = (await session.one(eldestOfFirst, { limit: stepSize })) ?? { eldest: null }
  return eldest !== null && eldest < before
}

/** Removes the first events before that time. Returns whether there may be more. */
export async function removeEvents(session: QuerySession, before: number): Promise<boolean> {
  const removed = await session.many(removeFirst, { before, limit: stepSize })
  return removed.length > 0 && eventsAreOlder(session, before)
}

/**
 * Removes tokens that ended before that time, in organisations with an id above `after`. Keeps the row of a token while
 * a token that it minted or replaced has a row, because descent goes through it. Returns the id of the last organisation that is
 * done; undefined after the last one.
 */
export async function removeEndedTokens(
  session: QuerySession,
  before: number,
  after: number,
): Promise<number | undefined> {
  const { last } = (await session.one(lastOfNext, { after, limit: mostOrganisations })) ?? { last: null }
  if (last === null) return undefined
  const found = await session.one(withEnded, { after, last, before })
  if (found === undefined) return last
  const { id } = found
  let left = stepSize
  for (const remove of removeEnded) {
    if (left === 0) break
    const removed = await session.many(remove, { id, before, limit: left })
    for (const token of removed) await removeBeside(session, token.id)
    left -= removed.length
  }
  // Everything, or everything but minters and successors of tokens that still exist.
  return left > 0 ? id : id - 1
}

/** Takes a few milliseconds, while others wait. */
const stepSize = 64
const mostOrganisations = 500

// Ids increase with time. A row written by a clock that was ahead is kept longer, and so may be those after it.
const eldestOfFirst = query((db, param: Param<{ limit: number }>) =>
  db
    .selectFrom(db.selectFrom('audit_events').select('at').orderBy('id').limit(param('limit')).as('first'))
    .select((eb) => eb.fn.min<number | null>('at').as('eldest')),
)

const removeFirst = query((db, param: Param<{ before: number; limit: number }>) =>
  db
    .deleteFrom('audit_events')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom(eb.selectFrom('audit_events').select(['id', 'at']).orderBy('id').limit(param('limit')).as('first'))
        .select('id')
        .where('at', '<', param('before')),
    )
    .returning('id'),
)

/** The last of the next organisations behind an id. */
export const lastOfNext = query((db, param: Param<{ after: number; limit: number }>) =>
  db
    .selectFrom(
      db
        .selectFrom('organisations')
        .select('id')
        .where('id', '>', param('after'))
        .orderBy('id')
        .limit(param('limit'))
        .as('next'),
    )
    .select((eb) => eb.fn.max<number | null>('id').as('last')),
)

interface Ended {
  readonly id: number
  readonly before: number
  readonly limit: number
}

const withEnded = query((db, param: Param<{ after: number; last: number; before: number }>) =>
  db
    .selectFrom('organisations')
    .select('id')
    .where('id', '>', param('after'))
    .where('id', '<=', param('last'))
    .where((eb) => {
      const ended = eb
        .selectFrom('tokens')
        .select('tokens.id')
        .whereRef('tokens.organisation_id', '=', 'organisations.id')
        .where('tokens.expires_at', '<', param('before'))
      return eb.or([
        eb.exists(ended.where('tokens.revoked_at', 'is', null)),
        eb.exists(ended.where('tokens.revoked_at', 'is not', null)),
      ])
    })
    .orderBy('id')
    .limit((eb) => eb.lit(1)),
)

// Two queries, each with its own index.
const removeEnded = (['is', 'is not'] as const).map((state) =>
  query((db, param: Param<Ended>) =>
    db
      .deleteFrom('tokens')
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('tokens as ended')
          .select('ended.id')
          .where('ended.organisation_id', '=', param('id'))
          .where('ended.expires_at', '<', param('before'))
          .where('ended.revoked_at', state, null)
          .where(sql<SqlBool>`not exists (select 1 from tokens as minted
            where minted.minted_by = ended.id and minted.minted_by is not null)`)
          .where(sql<SqlBool>`not exists (select 1 from tokens as replaced where replaced.id = ended.predecessor_id)`)
          .orderBy('ended.expires_at')
          .limit(param('limit')),
      )
      .returning('id'),
  ),
)
