// Finishes large deletions in steps: nothing of them is found any more, and their rows are removed later. Also does
// what upgrades leave for later steps.
import { sql, type SqlBool } from 'kysely'

import { findUnmovedCaveats, moveSomeCaveats } from './long-caveats.ts'
import { findUnfoldedNames, foldSomeNames } from './names.ts'
import { query, type Param, type QuerySession } from './query.ts'
import { removeBeside } from './remove-beside.ts'
import { findUnfinished, revokeMore } from './revoked-organisations.ts'

/** Rows in one step, which takes a few milliseconds while others wait. */
const stepSize = 64

/** Removes the first rows of a deleted organisation, and leaves the others for later steps. */
export async function beginRemoval(session: QuerySession, id: number): Promise<void> {
  const organisation = { id, doneCreation: least, doneId: nothing }
  const place = await removeSome(session, organisation)
  if (place !== undefined) await session.run(leaveOrganisation, place)
}

/** Revokes the first tokens of a deleted app. The others are dead too, and are marked by later steps. */
export async function beginRevoking(session: QuerySession, id: number, at: number, by: string): Promise<void> {
  const place = await revokeSome(session, { id, at, by, doneExpiry: least, doneCreation: least, doneId: nothing })
  if (place !== undefined) await session.run(leaveApp, place)
}

/** Whether steps are left. */
export async function areLeft(session: QuerySession): Promise<boolean> {
  const [app, organisation] = [await session.one(firstApp, {}), await session.one(firstOrganisation, {})]
  return (
    app !== undefined ||
    organisation !== undefined ||
    (await findUnfinished(session)) !== undefined ||
    (await findUnfoldedNames(session)) !== undefined ||
    (await findUnmovedCaveats(session)) !== undefined
  )
}

/** Takes the next step. Returns whether there may be more. */
export async function removeLeftovers(session: QuerySession): Promise<boolean> {
  const app = await session.one(firstApp, {})
  if (app !== undefined) {
    const place = await revokeSome(session, app)
    if (place === undefined) await session.run(forgetApp, { id: app.id })
    else await session.run(moveApp, place)
    return areLeft(session)
  }
  if (await revokeMore(session)) return areLeft(session)
  const organisation = await session.one(firstOrganisation, {})
  if (organisation === undefined) {
    const names = await findUnfoldedNames(session)
    const caveats = await findUnmovedCaveats(session)
    if (names !== undefined) await foldSomeNames(session, names)
    else if (caveats !== undefined) await moveSomeCaveats(session, caveats)
    return areLeft(session)
  }
  const place = await removeSome(session, organisation)
  if (place === undefined) await session.run(forgetOrganisation, { id: organisation.id })
  else await session.run(moveOrganisation, place)
  return areLeft(session)
}

/** When and by whom the app was deleted, if not all of its tokens are marked yet. */
export function findDeletionOfApp(session: QuerySession, id: number) {
  return session.one(deletionOfApp, { id })
}

interface OrganisationPlace {
  readonly id: number
  readonly doneCreation: number
  readonly doneId: Uint8Array
}

interface AppPlace {
  readonly id: number
  readonly at: number
  readonly by: string
  readonly doneExpiry: number
  readonly doneCreation: number
  readonly doneId: Uint8Array
}

/** Returns how far it came; undefined at the end. */
async function removeSome(session: QuerySession, place: OrganisationPlace): Promise<OrganisationPlace | undefined> {
  const { id } = place
  const found = await session.many(tokensOfOrganisation, { ...place, limit: stepSize })
  const last = found.at(-1)
  const reached = last === undefined ? place : { id, doneCreation: last.createdAt, doneId: last.id }
  if (last !== undefined) {
    await session.run(removeTokens, { ...place, toCreation: last.createdAt, toId: last.id })
    for (const token of found) await removeBeside(session, token.id)
  }
  let left = stepSize - found.length
  for (const remove of [removeMemberships, removeInvitations, removeApps]) {
    if (left === 0) return reached
    left -= (await session.many(remove, { id, limit: left })).length
  }
  return left === 0 ? reached : undefined
}

/** Returns how far it came; undefined at the end. */
async function revokeSome(session: QuerySession, place: AppPlace): Promise<AppPlace | undefined> {
  const { id, at, by, doneExpiry, doneCreation, doneId } = place
  const from = { id, doneExpiry, doneCreation, doneId }
  const found = await session.many(tokensOfApp, { ...from, limit: stepSize })
  const last = found.at(-1)
  if (last === undefined) return undefined
  const to = { toExpiry: last.expiresAt, toCreation: last.createdAt, toId: last.id }
  await session.run(revokeTokens, { ...from, ...to, at, by })
  if (found.length < stepSize) return undefined
  return { id, at, by, doneExpiry: last.expiresAt, doneCreation: last.createdAt, doneId: last.id }
}

const tokensOfOrganisation = query((db, param: Param<OrganisationPlace & { limit: number }>) =>
  db
    .selectFrom('tokens')
    .select(['created_at as createdAt', 'id'])
    .where('organisation_id', '=', param('id'))
    .where(sql<SqlBool>`(created_at, id) > (${param('doneCreation')}, ${param('doneId')})`)
    .orderBy('created_at')
    .orderBy('id')
    .limit(param('limit')),
)

const removeTokens = query((db, param: Param<OrganisationPlace & { toCreation: number; toId: Uint8Array }>) =>
  db
    .deleteFrom('tokens')
    .where('organisation_id', '=', param('id'))
    .where(sql<SqlBool>`(created_at, id) > (${param('doneCreation')}, ${param('doneId')})`)
    .where(sql<SqlBool>`(created_at, id) <= (${param('toCreation')}, ${param('toId')})`),
)

interface Some {
  readonly id: number
  readonly limit: number
}

const removeMemberships = query((db, param: Param<Some>) =>
  db
    .deleteFrom('memberships')
    .where('organisation_id', '=', param('id'))
    .where('user_id', 'in', (eb) =>
      eb.selectFrom('memberships').select('user_id').where('organisation_id', '=', param('id')).limit(param('limit')),
    )
    .returning('user_id as id'),
)

const removeInvitations = query((db, param: Param<Some>) =>
  db
    .deleteFrom('invitations')
    .where('id', 'in', (eb) =>
      eb.selectFrom('invitations').select('id').where('organisation_id', '=', param('id')).limit(param('limit')),
    )
    .returning('id'),
)

const removeApps = query((db, param: Param<Some>) =>
  db
    .deleteFrom('apps')
    .where('id', 'in', (eb) =>
      eb.selectFrom('apps').select('id').where('organisation_id', '=', param('id')).limit(param('limit')),
    )
    .returning('id'),
)

type FromApp = Omit<AppPlace, 'at' | 'by'>

const afterDone = (param: Param<FromApp>) =>
  sql<SqlBool>`(expires_at, created_at, id) > (${param('doneExpiry')}, ${param('doneCreation')}, ${param('doneId')})`

const tokensOfApp = query((db, param: Param<FromApp & { limit: number }>) =>
  db
    .selectFrom('tokens')
    .select(['expires_at as expiresAt', 'created_at as createdAt', 'id'])
    .where('app_id', '=', param('id'))
    .where('app_id', 'is not', null)
    .where('revoked_at', 'is', null)
    .where(afterDone(param))
    .orderBy('expires_at')
    .orderBy('created_at')
    .orderBy('id')
    .limit(param('limit')),
)

const revokeTokens = query((db, param: Param<AppPlace & { toExpiry: number; toCreation: number; toId: Uint8Array }>) =>
  db
    .updateTable('tokens')
    .set({ revoked_at: param('at'), revoked_by: param('by') })
    .where('app_id', '=', param('id'))
    .where('app_id', 'is not', null)
    .where('revoked_at', 'is', null)
    .where(afterDone(param))
    .where(
      sql<SqlBool>`(expires_at, created_at, id) <= (${param('toExpiry')}, ${param('toCreation')}, ${param('toId')})`,
    ),
)

const firstOrganisation = query((db) =>
  db
    .selectFrom('deleted_organisations')
    .select(['id', 'done_creation as doneCreation', 'done_id as doneId'])
    .orderBy('id')
    .limit((eb) => eb.lit(1)),
)

const leaveOrganisation = query((db, param: Param<OrganisationPlace>) =>
  db.insertInto('deleted_organisations').values({
    id: param('id'),
    done_creation: param('doneCreation'),
    done_id: param('doneId'),
  }),
)

const moveOrganisation = query((db, param: Param<OrganisationPlace>) =>
  db
    .updateTable('deleted_organisations')
    .set({ done_creation: param('doneCreation'), done_id: param('doneId') })
    .where('id', '=', param('id')),
)

const forgetOrganisation = query((db, param: Param<{ id: number }>) =>
  db.deleteFrom('deleted_organisations').where('id', '=', param('id')),
)

const firstApp = query((db) =>
  db
    .selectFrom('deleted_apps')
    .select([
      'id',
      'revoked_at as at',
      'revoked_by as by',
      'done_expiry as doneExpiry',
      'done_creation as doneCreation',
      'done_id as doneId',
    ])
    .orderBy('id')
    .limit((eb) => eb.lit(1)),
)

const deletionOfApp = query((db, param: Param<{ id: number }>) =>
  db
    .selectFrom('deleted_apps')
    .select(['revoked_at as revokedAt', 'revoked_by as revokedBy'])
    .where('id', '=', param('id')),
)

const leaveApp = query((db, param: Param<AppPlace>) =>
  db
    .insertInto('deleted_apps')
    .values({
      id: param('id'),
      done_expiry: param('doneExpiry'),
      done_creation: param('doneCreation'),
      done_id: param('doneId'),
      revoked_at: param('at'),
      revoked_by: param('by'),
    })
    // Not "do nothing", because cached look-ups must be dropped.
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({
        done_expiry: eb.ref('excluded.done_expiry'),
        done_creation: eb.ref('excluded.done_creation'),
        done_id: eb.ref('excluded.done_id'),
      })),
    ),
)

const moveApp = query((db, param: Param<FromApp>) =>
  db
    .updateTable('deleted_apps')
    .set({ done_expiry: param('doneExpiry'), done_creation: param('doneCreation'), done_id: param('doneId') })
    .where('id', '=', param('id')),
)

const forgetApp = query((db, param: Param<{ id: number }>) =>
  db.deleteFrom('deleted_apps').where('id', '=', param('id')),
)

// Before every position.
const least = Number.MIN_SAFE_INTEGER
const nothing = new Uint8Array(0)
