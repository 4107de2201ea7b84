// Revokes the descendants of a token, however many there are: dead at once, and marked in steps.
import { sql, type Expression, type Kysely } from 'kysely'

import { formatDerived } from '../domain/derived-token.ts'
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

/** A derived token. The tokens that it minted are marked up to the id `doneTo`. */
interface DerivedHead {
  readonly tokenId: Uint8Array
  readonly digest: Uint8Array
  readonly at: number
  readonly by: string
  readonly doneTo: Uint8Array | null
}

/** Takes the next step. */
export async function continueRevocations(session: QuerySession): Promise<DescendantsRevoked> {
  const heads = await session.many(firstHeads, { limit: headsAtOnce })
  const last = heads.at(-1)
  if (last !== undefined) {
    await session.run(takeHeads, { to: last.id })
    return descend(session, heads)
  }
  const derived = await session.one(firstDerived, {})
  if (derived === undefined) return { revoked: 0, more: false }
  const by = `${derived.by}, with ${nameOf(derived)}`
  return descendFromDerived(session, { ...derived, by })
}

/** Revokes what a derived token minted, or one that is derived from it. What exceeds one step is dead too. */
export function beginDerived(session: QuerySession, head: Omit<DerivedHead, 'doneTo'>): Promise<DescendantsRevoked> {
  return descendFromDerived(session, { ...head, doneTo: null })
}

/** The last of the tokens that replaced this one, one after the other, if it was replaced. */
export async function lastSuccessor(session: QuerySession, id: Uint8Array): Promise<Uint8Array | undefined> {
  let last: Uint8Array | undefined
  for (let next: Uint8Array | null = id; next !== null;) {
    const found: { successorId: Uint8Array | null } | undefined = await session.one(successorOf, { id: next })
    next = found?.successorId ?? null
    last = next ?? last
  }
  return last
}

/** Whether steps are left. */
export async function revocationsAreUnfinished(session: QuerySession): Promise<boolean> {
  return ((await session.one(anyHead, {})) ?? (await session.one(firstDerived, {}))) !== undefined
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
export async function findRevocationAbove(session: QuerySession, id: Uint8Array) {
  const above = await session.one(revocationAbove, { id })
  if (above !== undefined) return above
  const derived = (await session.one(derivedOf, { id })) ?? (await session.one(derivedAbove, { id }))
  return derived && { revokedAt: derived.revokedAt, revokedBy: `${derived.revokedBy}, with ${nameOf(derived)}` }
}

function nameOf({ tokenId, digest }: Pick<DerivedHead, 'tokenId' | 'digest'>): string {
  return formatDerived({ tokenId: formatTokenId(tokenId), digest })
}

async function descendFromDerived(session: QuerySession, head: DerivedHead): Promise<DescendantsRevoked> {
  const { tokenId, digest, at, by, doneTo } = head
  const minted = await session.many(mintedWith, { tokenId, digest, after: doneTo ?? nothing, limit: stepLimit })
  const last = minted.at(-1)
  const living = minted.filter(({ revokedAt }) => revokedAt === null)
  for (const { id } of living) await session.run(revokeOne, { id, at, by })
  if (last !== undefined && minted.length === stepLimit) {
    await session.run(moveDerived, { tokenId, digest, doneTo: last.id })
  } else if (doneTo !== null) {
    await session.run(endDerived, { tokenId, digest })
    await session.run(removeOrphans, { tokenId })
  }
  // What a token that was replaced minted is its successor's, which the derived token made too.
  const heads = minted.filter(({ below, successorId }) => below !== null && successorId === null)
  const steps = stepLimit - minted.length
  const further = await descend(
    session,
    heads.map(({ id }) => ({ id, doneTo: nothing, at, by })),
    steps,
  )
  return { revoked: living.length + further.revoked, more: further.more }
}

async function descend(
  session: QuerySession,
  from: readonly Head[],
  limit: number = stepLimit,
): Promise<DescendantsRevoked> {
  const heads = [...from]
  let revoked = 0
  for (let steps = limit; steps > 0;) {
    const head = heads.pop()
    if (head === undefined) break
    const { id, doneTo, at, by } = head
    const replaced = doneTo.length === 0 ? await session.one(replacedBy, { id }) : undefined
    if (replaced !== undefined) {
      await session.run(revokeOne, { id: replaced.id, at, by })
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
  case when coalesce(${sql.ref('tokens.successor_id')}, ${sql.ref('tokens.minted_by')}, ${sql.ref('tokens.predecessor_id')}) is not null
    then (select 1 from revoked_derived_tokens where done_to is not null limit 1) end,
  case when ${sql.ref('tokens.app_id')} is not null
    then (select 1 from deleted_apps where deleted_apps.id = ${sql.ref('tokens.app_id')}) end,
  (select 1 from revoked_organisations where revoked_organisations.id = ${sql.ref('tokens.organisation_id')}
    and revoked_organisations.to_creation >= ${sql.ref('tokens.created_at')})) end`.as('maybeDead')

const below = sql<number | null>`case when tokens.predecessor_id is not null then 1 else (select 1 from tokens as minted
  where minted.minted_by = tokens.id and minted.minted_by is not null limit 1) end`.as('below')

const mintedWith = query(
  (db, param: Param<{ tokenId: Uint8Array; digest: Uint8Array; after: Uint8Array; limit: number }>) =>
    db
      .selectFrom('derived_minters')
      .innerJoin('tokens', 'tokens.id', 'derived_minters.token_id')
      .select(['tokens.id', 'tokens.revoked_at as revokedAt', 'tokens.successor_id as successorId', below])
      .where('derived_minters.minter_id', '=', param('tokenId'))
      .where('derived_minters.digest', '=', param('digest'))
      .where('derived_minters.token_id', '>', param('after'))
      .orderBy('derived_minters.token_id')
      .limit(param('limit')),
)

const firstDerived = query((db) =>
  db
    .selectFrom('revoked_derived_tokens')
    .select(['token_id as tokenId', 'digest', 'revoked_at as at', 'revoked_by as by', 'done_to as doneTo'])
    .where('done_to', 'is not', null)
    .orderBy('token_id')
    .orderBy('digest')
    .limit(sql<number>`1`),
)

const moveDerived = query((db, param: Param<{ tokenId: Uint8Array; digest: Uint8Array; doneTo: Uint8Array }>) =>
  db
    .updateTable('revoked_derived_tokens')
    .set({ done_to: param('doneTo') })
    .where('token_id', '=', param('tokenId'))
    .where('digest', '=', param('digest')),
)

const endDerived = query((db, param: Param<{ tokenId: Uint8Array; digest: Uint8Array }>) =>
  db
    .updateTable('revoked_derived_tokens')
    .set((eb) => ({ done_to: eb.lit(null) }))
    .where('token_id', '=', param('tokenId'))
    .where('digest', '=', param('digest')),
)

/** If the row of the token has gone in the meantime. */
const removeOrphans = query((db, param: Param<{ tokenId: Uint8Array }>) =>
  db
    .deleteFrom('revoked_derived_tokens')
    .where('token_id', '=', param('tokenId'))
    .where('done_to', 'is', null)
    .where((eb) =>
      eb.not(
        eb.exists(eb.selectFrom('tokens').select('id').whereRef('tokens.id', '=', 'revoked_derived_tokens.token_id')),
      ),
    ),
)

const derivedColumns = [
  'revoked_derived_tokens.token_id as tokenId',
  'revoked_derived_tokens.digest',
  'revoked_derived_tokens.revoked_at as revokedAt',
  'revoked_derived_tokens.revoked_by as revokedBy',
] as const

const derivedOf = query((db, param: Param<{ id: Uint8Array }>) =>
  db
    .selectFrom('derived_minters')
    .innerJoin('revoked_derived_tokens', (join) =>
      join
        .onRef('revoked_derived_tokens.token_id', '=', 'derived_minters.minter_id')
        .onRef('revoked_derived_tokens.digest', '=', 'derived_minters.digest'),
    )
    .select(derivedColumns)
    .where('derived_minters.token_id', '=', param('id'))
    .where('revoked_derived_tokens.done_to', 'is not', null)
    .limit(sql<number>`1`),
)

const childrenOf = query((db, param: Param<{ id: Uint8Array; after: Uint8Array; limit: number }>) =>
  db
    .selectFrom('tokens')
    .select(['id', 'revoked_at as revokedAt', below])
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

export const revokeOne = query(
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

// SQLite joins in the order of cross joins. By itself it would begin with all that derived tokens have minted.
const derivedAbove = query((db, param: Param<{ id: Uint8Array }>) =>
  lineAbove(db, param('id'))
    .selectFrom('line')
    .crossJoin('derived_minters')
    .crossJoin('revoked_derived_tokens')
    .select(derivedColumns)
    .whereRef('derived_minters.token_id', '=', 'line.id')
    .whereRef('revoked_derived_tokens.token_id', '=', 'derived_minters.minter_id')
    .whereRef('revoked_derived_tokens.digest', '=', 'derived_minters.digest')
    .where('revoked_derived_tokens.done_to', 'is not', null)
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
