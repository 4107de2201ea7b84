// Revokes all tokens of an organisation at once: dead from the commit on, and marked in steps.
import { sql, type SqlBool } from 'kysely'

import { DomainError } from '../domain/errors.ts'
import { lookup, query, type Param, type QuerySession } from './query.ts'

/** Rows in one step, which takes a few milliseconds while others wait. */
const stepSize = 64

/**
 * Revokes the first tokens of the organisation. Its other existing tokens are dead too, and are marked by later steps.
 */
export async function revokeOfOrganisation(session: QuerySession, id: number, at: number, by: string): Promise<void> {
  const youngest = await session.one(youngestToken, { id })
  if (youngest === undefined) return
  const place = await revokeSome(session, { id, at, by, toCreation: youngest.createdAt, ...beginning })
  if (place !== undefined) await session.run(leave, place)
}

/** Takes the next step. Returns whether there was one. */
export async function revokeMore(session: QuerySession): Promise<boolean> {
  const first = await findUnfinished(session)
  if (first === undefined) return false
  const place = await revokeSome(session, first)
  if (place === undefined) await session.run(forget, { id: first.id })
  else await session.run(move, place)
  return true
}

/** Where the next step begins; undefined if there is none. */
export function findUnfinished(session: QuerySession): Promise<Place | undefined> {
  return session.one(firstPlace, {})
}

/** When and by whom all tokens of the organisation that existed then were revoked, if that is not fully marked yet. */
export async function findRevocationOfOrganisation(session: QuerySession, id: number, createdAt: number) {
  const found = await session.one(revocationOf, { id })
  return found !== undefined && found.toCreation >= createdAt ? found : undefined
}

/**
 * Checks that a new token does not count as one of the revoked ones.
 * @throws DomainError `unavailable` while these are not all marked, if this clock is behind that of the revocation
 */
export async function expectNew(session: QuerySession, id: number, createdAt: number): Promise<void> {
  if ((await findRevocationOfOrganisation(session, id, createdAt)) === undefined) return
  throw new DomainError('unavailable', 'the tokens that this organization had before are still being revoked', {
    retryAfter: 5,
  })
}

interface Place {
  readonly id: number
  readonly at: number
  readonly by: string
  readonly toCreation: number
  readonly doneCreation: number
  readonly doneId: Uint8Array
}

// Before every position.
const beginning = { doneCreation: Number.MIN_SAFE_INTEGER, doneId: new Uint8Array(0) }

/** Returns how far it came; undefined at the end. */
async function revokeSome(session: QuerySession, place: Place): Promise<Place | undefined> {
  const { id, at, by, toCreation, doneCreation, doneId } = place
  const found = await session.many(nextTokens, { id, toCreation, doneCreation, doneId, limit: stepSize })
  const last = found.at(-1)
  if (last === undefined) return undefined
  await session.run(revokeSpan, { id, at, by, doneCreation, doneId, lastCreation: last.createdAt, lastId: last.id })
  return found.length < stepSize ? undefined : { ...place, doneCreation: last.createdAt, doneId: last.id }
}

const youngestToken = query((db, param: Param<{ id: number }>) =>
  db
    .selectFrom('tokens')
    .select('created_at as createdAt')
    .where('organisation_id', '=', param('id'))
    .orderBy('created_at', 'desc')
    .limit((eb) => eb.lit(1)),
)

const nextTokens = query((db, param: Param<Omit<Place, 'at' | 'by'> & { limit: number }>) =>
  db
    .selectFrom('tokens')
    .select(['created_at as createdAt', 'id'])
    .where('organisation_id', '=', param('id'))
    .where(sql<SqlBool>`(created_at, id) > (${param('doneCreation')}, ${param('doneId')})`)
    .where('created_at', '<=', param('toCreation'))
    .orderBy('created_at')
    .orderBy('id')
    .limit(param('limit')),
)

const revokeSpan = query(
  (db, param: Param<Omit<Place, 'toCreation'> & { readonly lastCreation: number; readonly lastId: Uint8Array }>) =>
    db
      .updateTable('tokens')
      .set({ revoked_at: param('at'), revoked_by: param('by') })
      .where('organisation_id', '=', param('id'))
      .where('revoked_at', 'is', null)
      .where(sql<SqlBool>`(created_at, id) > (${param('doneCreation')}, ${param('doneId')})`)
      .where(sql<SqlBool>`(created_at, id) <= (${param('lastCreation')}, ${param('lastId')})`),
)

const leave = query((db, param: Param<Place>) =>
  db
    .insertInto('revoked_organisations')
    .values({
      id: param('id'),
      to_creation: param('toCreation'),
      done_creation: param('doneCreation'),
      done_id: param('doneId'),
      revoked_at: param('at'),
      revoked_by: param('by'),
    })
    // From the beginning, and further than the earlier one.
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({
        to_creation: eb.ref('excluded.to_creation'),
        done_creation: eb.ref('excluded.done_creation'),
        done_id: eb.ref('excluded.done_id'),
      })),
    ),
)

const firstPlace = query((db) =>
  db
    .selectFrom('revoked_organisations')
    .select([
      'id',
      'to_creation as toCreation',
      'done_creation as doneCreation',
      'done_id as doneId',
      'revoked_at as at',
      'revoked_by as by',
    ])
    .orderBy('id')
    .limit((eb) => eb.lit(1)),
)

const move = query((db, param: Param<Pick<Place, 'id' | 'doneCreation' | 'doneId'>>) =>
  db
    .updateTable('revoked_organisations')
    .set({ done_creation: param('doneCreation'), done_id: param('doneId') })
    .where('id', '=', param('id')),
)

const forget = query((db, param: Param<{ id: number }>) =>
  db.deleteFrom('revoked_organisations').where('id', '=', param('id')),
)

const revocationOf = lookup((db, param: Param<{ id: number }>) =>
  db
    .selectFrom('revoked_organisations')
    .select(['revoked_at as revokedAt', 'revoked_by as revokedBy', 'to_creation as toCreation'])
    .where('id', '=', param('id')),
)
