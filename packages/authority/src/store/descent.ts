// Revokes the descendants of a token, however many there are: dead at once, and marked in steps.
import { sql, type Expression, type Kysely } from 'kysely'

import type { DescendantsRevoked } from '../domain/token.ts'
import { query, type Param, type QuerySession } from './query.ts'
import type { Database } from './schema.ts'
import { formatTokenId } from './token-id.ts'

/** A token whose descendants are all dead. The tokens that it minted are marked up to the id `doneTo`. */
interface Head {
  readonly id: Uint8Array
  readonly doneTo: Uint8Array
  readonly at: number
  readonly by: string
}

/**
 * Revokes what the token minted, and what it replaced. What exceeds one step is dead too, and is marked by later steps.
 *
 * A token has one token above it: its successor, which has it from its minter, or else its minter.
 */
export async function revokeDescendants(
  session: QuerySession,
  id: Uint8Array,
  at: number,
  by: string,
): Promise<DescendantsRevoked> {
  const { successorId = null } = (await session.one(successorOf, { id })) ?? {}
  if (successorId !== null) return { revoked: 0, more: await revocationsAreUnfinished(session) }
  return descend(session, [{ id, doneTo: nothing, at, by }])
}

/** Takes the next step. */
export async function continueRevocations(session: QuerySession): Promise<DescendantsRevoked> {
  const heads = await session.many(firstHeads, { limit: headsAtOnce })
  const last = heads.at(-1)
  if (last === undefined) return { revoked: 0, more: false }
  await session.run(takeHeads, { to: last.id })
  return descend(session, heads)
}

/** Whether steps are left. */
export async function revocationsAreUnfinished(session: QuerySession): Promise<boolean> {
  return (await session.one(anyHead, {})) !== undefined
}

/** Whether the other one is above this one. */
export async function descendsFrom(session: QuerySession, id: Uint8Array, other: Uint8Array): Promise<boolean> {
  return (await session.one(lineThrough, { id, other })) !== undefined
}

/** The ids above this token, the nearest first; undefined if there are more than `most`. */
export async function lineOf(
  session: QuerySession,
  id: Uint8Array,
  most: number,
): Promise<readonly string[] | undefined> {
  const line = await session.many(nearestAbove, { id, most: most + 1 })
  return line.length > most ? undefined : line.map((above) => formatTokenId(above.id))
}

/** When and by whom an ancestor of this token was revoked with its descendants, if that is not fully marked yet. */
export function findRevocationAbove(session: QuerySession, id: Uint8Array) {
  return session.one(revocationAbove, { id })
}

async function descend(session: QuerySession, from: readonly Head[]): Promise<DescendantsRevoked> {
  const heads = [...from]
  let revoked = 0
  for (let steps = stepLimit; steps > 0;) {
    const head = heads.pop()
    if (head === undefined) break
    const { id, doneTo, at, by } = head
    const replaced = doneTo.length === 0 ? await session.one(replacedBy, { id }) : undefined
    if (replaced !== undefined) {
      await session.run(revokeReplaced, { id: replaced.id, at, by })
      if (replaced.revokedAt === null) revoked += 1
      heads.push({ id: replaced.id, doneTo: nothing, at, by })
    }
    const children = await session.many(childrenOf, { id, after: doneTo, limit: steps })
    const last = children.at(-1)
    const living = children.filter(({ revokedAt }) => revokedAt === null).length
    if (last !== undefined && living > 0) {
      await session.run(revokeChildren, { id, after: doneTo, to: last.id, at, by })
      revoked += living
    }
    if (last !== undefined && children.length === steps) heads.push({ ...head, doneTo: last.id })
    // Also below tokens that were revoked before: their descendants may have been spared then.
    for (const child of children) if (child.below !== null) heads.push({ id: child.id, doneTo: nothing, at, by })
    steps -= Math.max(1, children.length)
  }
  for (const { id, doneTo, at, by } of heads) await session.run(leaveHead, { id, doneTo, at, by })
  return { revoked, more: await revocationsAreUnfinished(session) }
}

/** A column for look-ups of tokens: 1 if an unfinished revocation or removal may have killed this one. */
export const maybeDead = sql<number | null>`case when ${sql.ref('tokens.revoked_at')} is null then coalesce(
  case when coalesce(${sql.ref('tokens.successor_id')}, ${sql.ref('tokens.minted_by')}) is not null then (select 1 from unfinished_revocations limit 1) end,
  case when ${sql.ref('tokens.app_id')} is not null
    then (select 1 from deleted_apps where deleted_apps.id = ${sql.ref('tokens.app_id')}) end,
  (select 1 from revoked_organisations where revoked_organisations.id = ${sql.ref('tokens.organisation_id')}
    and revoked_organisations.to_creation >= ${sql.ref('tokens.created_at')})) end`.as('maybeDead')

const childrenOf = query((db, param: Param<{ id: Uint8Array; after: Uint8Array; limit: number }>) =>
  db
    .selectFrom('tokens')
    .select([
      'id',
      'revoked_at as revokedAt',
      sql<number | null>`case when tokens.predecessor_id is not null then 1 else (select 1 from tokens as minted
        where minted.minted_by = tokens.id and minted.minted_by is not null limit 1) end`.as('below'),
    ])
    .where('minted_by', '=', param('id'))
    .where('minted_by', 'is not', null)
    .where('successor_id', 'is', null)
    .where('id', '>', param('after'))
    .orderBy('id')
    .limit(param('limit')),
)

const revokeChildren = query(
  (db, param: Param<{ id: Uint8Array; after: Uint8Array; to: Uint8Array; at: number; by: string }>) =>
    db
      .updateTable('tokens')
      .set({ revoked_at: param('at'), revoked_by: param('by') })
      .where('minted_by', '=', param('id'))
      .where('minted_by', 'is not', null)
      .where('successor_id', 'is', null)
      .where('id', '>', param('after'))
      .where('id', '<=', param('to'))
      .where('revoked_at', 'is', null),
)

const successorOf = query((db, param: Param<{ id: Uint8Array }>) =>
  db.selectFrom('tokens').select('successor_id as successorId').where('id', '=', param('id')),
)

const replacedBy = query((db, param: Param<{ id: Uint8Array }>) =>
  db
    .selectFrom('tokens as successor')
    .innerJoin('tokens as replaced', 'replaced.id', 'successor.predecessor_id')
    .select(['replaced.id', 'replaced.revoked_at as revokedAt'])
    .where('successor.id', '=', param('id')),
)

const revokeReplaced = query(
  (db, param: Param<{ id: Uint8Array; at: number; by: string }>) =>
    db
      .updateTable('tokens')
      .set({ revoked_at: param('at'), revoked_by: param('by') })
      .where('id', '=', param('id'))
      .where('revoked_at', 'is', null),
  ({ id }) => formatTokenId(id),
)

/** The one above a token. */
const above = sql<Uint8Array>`coalesce(${sql.ref('tokens.successor_id')}, ${sql.ref('tokens.minted_by')})`

/** The ids above a token. */
function lineAbove(db: Kysely<Database>, id: Expression<Uint8Array>) {
  return db.withRecursive('line(id)', (line) =>
    line
      .selectFrom('tokens')
      .select(above.as('id'))
      .where('id', '=', id)
      .where(above, 'is not', null)
      .unionAll(
        line
          .selectFrom('line')
          .innerJoin('tokens', 'tokens.id', 'line.id')
          .select(above.as('id'))
          .where(above, 'is not', null),
      ),
  )
}

const lineThrough = query((db, param: Param<{ id: Uint8Array; other: Uint8Array }>) =>
  lineAbove(db, param('id'))
    .selectFrom('line')
    .select('id')
    .where('id', '=', param('other'))
    .limit(sql<number>`1`),
)

// Bounded while it climbs, because nothing bounds a line.
const nearestAbove = query((db, param: Param<{ id: Uint8Array; most: number }>) =>
  db
    .withRecursive('line(id, distance)', (line) =>
      line
        .selectFrom('tokens')
        .select([above.as('id'), sql<number>`1`.as('distance')])
        .where('id', '=', param('id'))
        .where(above, 'is not', null)
        .unionAll(
          line
            .selectFrom('line')
            .innerJoin('tokens', 'tokens.id', 'line.id')
            .select([above.as('id'), sql<number>`line.distance + 1`.as('distance')])
            .where(above, 'is not', null)
            .where('line.distance', '<', param('most')),
        ),
    )
    .selectFrom('line')
    .select('id')
    .orderBy('distance'),
)

const revocationAbove = query((db, param: Param<{ id: Uint8Array }>) =>
  lineAbove(db, param('id'))
    .selectFrom('line')
    .innerJoin('unfinished_revocations', 'unfinished_revocations.token_id', 'line.id')
    .select(['unfinished_revocations.revoked_at as revokedAt', 'unfinished_revocations.revoked_by as revokedBy'])
    .limit(sql<number>`1`),
)

const firstHeads = query((db, param: Param<{ limit: number }>) =>
  db
    .selectFrom('unfinished_revocations')
    .select(['token_id as id', 'done_to as doneTo', 'revoked_at as at', 'revoked_by as by'])
    .orderBy('token_id')
    .limit(param('limit')),
)

const takeHeads = query((db, param: Param<{ to: Uint8Array }>) =>
  db.deleteFrom('unfinished_revocations').where('token_id', '<=', param('to')),
)

// A row that exists has come as far or further. It is written again, because a change drops cached look-ups.
const leaveHead = query((db, param: Param<Head>) =>
  db
    .insertInto('unfinished_revocations')
    .values({
      token_id: param('id'),
      done_to: param('doneTo'),
      revoked_at: param('at'),
      revoked_by: param('by'),
    })
    .onConflict((conflict) =>
      conflict.column('token_id').doUpdateSet({ done_to: sql`unfinished_revocations.done_to` }),
    ),
)

const anyHead = query((db) =>
  db
    .selectFrom('unfinished_revocations')
    .select('token_id as id')
    .limit(sql<number>`1`),
)

const nothing = new Uint8Array(0)

// Tokens that one transaction looks at, in a few milliseconds while others wait.
const stepLimit = 100
const headsAtOnce = 20
