// Volumes of apps.
import { sql, type SqlBool } from 'kysely'

import type { Transaction } from '../domain/store.ts'
import type { VolumeQuery } from '../domain/store/volumes.ts'
import type { Volume } from '../domain/volume.ts'
import { columnsOf, query, type Param, type QuerySession } from './query.ts'
import type { VolumeColumns } from './schema.ts'

export function volumes(session: QuerySession): Transaction['volumes'] {
  const many = async (rows: Promise<readonly VolumeColumns[]>) => (await rows).map(toVolume)
  const one = async (found: Promise<VolumeColumns | undefined>) => {
    const row = await found
    return row && toVolume(row)
  }
  return {
    byId: (id) => one(session.one(byId, { id })),
    ofApp: (id, asked) => many(session.many(ofApp, { id, ...placeOf(asked) })),
    ofOrganisation: (id, asked) => many(session.many(ofOrganisation, { id, ...placeOf(asked) })),
    freeOfName: (id, name) => one(session.one(freeOfName, { id, name })),
    due: (now, limit) => many(session.many(due, { now, limit })),
    nextDue: async (after) => (await session.one(nextDue, { after }))?.dueAt ?? undefined,
    hasDestroyed: async (before) => (await session.one(destroyed, { before, limit: 1 })) !== undefined,
    insert: (volume) => session.run(insert, toRow(volume)),
    save: (volume) => session.run(save, toRow(volume)),
    release: (machineId, now) => session.run(release, { machineId, now }),
    destroyOfApp: (id, now) => session.run(destroyOfApp, { id, now }),
    destroyOfOrganisation: (id, now) => session.run(destroyOfOrganisation, { id, now }),
    deleteDestroyed: async (before) => {
      const found = await session.many(destroyed, { before, limit: stepSize })
      for (const { id } of found) await session.run(remove, { id })
      return found.length === stepSize
    },
  }
}

const stepSize = 64

function placeOf({ limit, after = '' }: VolumeQuery): Required<VolumeQuery> {
  return { limit, after }
}

function toVolume(row: VolumeColumns): Volume {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    appId: row.app_id,
    name: row.name,
    region: row.region,
    state: row.state,
    sizeGb: row.size_gb,
    madeGb: row.made_gb,
    isSized: row.is_sized === null ? null : row.is_sized === 1,
    machineId: row.machine_id,
    problem: row.problem,
    tries: row.tries,
    dueAt: row.due_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

function toRow(volume: Volume): VolumeColumns {
  return {
    id: volume.id,
    organisation_id: volume.organisationId,
    app_id: volume.appId,
    name: volume.name,
    region: volume.region,
    state: volume.state,
    size_gb: volume.sizeGb,
    made_gb: volume.madeGb,
    is_sized: volume.isSized === null ? null : Number(volume.isSized),
    machine_id: volume.machineId,
    problem: volume.problem,
    tries: volume.tries,
    due_at: volume.dueAt,
    created_at: volume.createdAt,
    updated_at: volume.updatedAt,
  }
}

// Written as in the indexes, so that the planner uses them.
const isThere = sql<SqlBool>`state <> 'destroyed'`
const goes = {
  state: sql<Volume['state']>`'destroying'`,
  tries: sql<number>`0`,
}

const byId = query((db, param: Param<{ id: string }>) =>
  db.selectFrom('volumes').selectAll().where('id', '=', param('id')),
)

interface OfOne extends Required<VolumeQuery> {
  readonly id: number
}

const listOf = (owner: 'app_id' | 'organisation_id') =>
  query((db, param: Param<OfOne>) =>
    db
      .selectFrom('volumes')
      .selectAll()
      .where(owner, '=', param('id'))
      .where('id', '>', param('after'))
      .where(isThere)
      .orderBy('id')
      .limit(param('limit')),
  )
const [ofApp, ofOrganisation] = [listOf('app_id'), listOf('organisation_id')]

const freeOfName = query((db, param: Param<{ id: number; name: string }>) =>
  db
    .selectFrom('volumes')
    .selectAll()
    .where('app_id', '=', param('id'))
    .where('name', '=', param('name'))
    .where(sql<SqlBool>`state in ('creating', 'created') and machine_id is null`)
    .orderBy('created_at')
    .orderBy('id')
    .limit((one) => one.lit(1)),
)

const due = query((db, param: Param<{ now: number; limit: number }>) =>
  db.selectFrom('volumes').selectAll().where('due_at', '<=', param('now')).orderBy('due_at').limit(param('limit')),
)

const nextDue = query((db, param: Param<{ after: number }>) =>
  db
    .selectFrom('volumes')
    .select((eb) => eb.fn.min('due_at').as('dueAt'))
    .where('due_at', '>', param('after')),
)

const fixed = ['id', 'organisation_id', 'app_id', 'name', 'region', 'created_at'] as const
const changing = [
  'state',
  'size_gb',
  'made_gb',
  'is_sized',
  'machine_id',
  'problem',
  'tries',
  'due_at',
  'updated_at',
] as const

const insert = query((db, param: Param<VolumeColumns>) =>
  db.insertInto('volumes').values(columnsOf(param, ...fixed, ...changing)),
)

const save = query((db, param: Param<VolumeColumns>) =>
  db
    .updateTable('volumes')
    .set(columnsOf(param, ...changing))
    .where('id', '=', param('id')),
)

// Its growth or its removal, which waited for the machine, is due now.
const release = query((db, param: Param<{ machineId: string; now: number }>) =>
  db
    .updateTable('volumes')
    .set({ machine_id: sql<null>`null`, due_at: param('now'), updated_at: param('now') })
    .where('machine_id', '=', param('machineId')),
)

const destroyOf = (owner: 'app_id' | 'organisation_id') =>
  query((db, param: Param<{ id: number; now: number }>) =>
    db
      .updateTable('volumes')
      .set({ ...goes, due_at: param('now'), updated_at: param('now') })
      .where(owner, '=', param('id'))
      .where(isThere),
  )
const [destroyOfApp, destroyOfOrganisation] = [destroyOf('app_id'), destroyOf('organisation_id')]

const destroyed = query((db, param: Param<{ before: number; limit: number }>) =>
  db
    .selectFrom('volumes')
    .select('id')
    .where('updated_at', '<', param('before'))
    .where(sql<SqlBool>`state = 'destroyed'`)
    .limit(param('limit')),
)

const remove = query((db, param: Param<{ id: string }>) => db.deleteFrom('volumes').where('id', '=', param('id')))
