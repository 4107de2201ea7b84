// Apps: one namespace of names for all organisations.
import { sql } from 'kysely'

import type { App } from '../domain/app.ts'
import { DomainError } from '../domain/errors.ts'
import { policyColumns, toPolicy } from './organisation-rows.ts'
import { removeTrustPoliciesOfApp } from './trust-policies.ts'
import { tell } from './feed.ts'
import { noun } from './noun.ts'
import { lookup, query, type Param } from './query.ts'

export const apps = noun('apps', {
  byId: (session, id) => session.one(byId, { id }),
  byName: async (session, name) => {
    const row = await session.one(byName, { name })
    if (row === undefined) return undefined
    return {
      app: {
        id: row.id,
        publicId: row.publicId,
        name: row.name,
        organisationId: row.organisationId,
        network: row.network,
        idempotencyKey: row.idempotencyKey,
        createdAt: row.createdAt,
      },
      organisation: {
        id: row.organisationId,
        slug: row.organisationSlug,
        name: row.organisationName,
        personalOf: row.personalOf,
        membershipDischarge: row.membershipDischarge,
        tokenPolicy: toPolicy(row),
        createdAt: row.organisationCreatedAt,
      },
    }
  },
  counts: (session, id) => session.one(counts, { id }),
  byIdempotencyKey: (session, organisationId, key) => session.one(byIdempotencyKey, { organisationId, key }),
  page: (session, organisationId, { limit, after = '' }) => session.many(page, { organisationId, limit, after }),
  insert: async (session, { publicId, name, organisationId, network, idempotencyKey, createdAt }) => {
    const app = { publicId, name, organisationId, network, idempotencyKey, createdAt }
    let row = await session.one(insert, app)
    if (row === undefined) {
      // The name may belong to an app of a deleted organisation, whose row is not removed yet.
      await session.run(removeLeftover, { name })
      row = await session.one(insert, app)
    }
    if (row !== undefined) return { id: row.id, ...app }
    if ((await session.one(byName, { name })) !== undefined) {
      throw new DomainError('name_taken', `The app name "${name}" is taken.`)
    }
    throw new DomainError('conflict', 'There is already an app with this idempotency key or this id.')
  },
  delete: async (session, id) => {
    await removeTrustPoliciesOfApp(session, id)
    await session.run(remove, { id })
    await tell(session, { kind: 'app', id })
  },
})

const columns = [
  'apps.id',
  'apps.public_id as publicId',
  'apps.name',
  'apps.organisation_id as organisationId',
  'apps.network',
  'apps.idempotency_key as idempotencyKey',
  'apps.created_at as createdAt',
] as const

const byId = lookup((db, param: Param<{ id: number }>) =>
  db
    .selectFrom('apps')
    .innerJoin('organisations', 'organisations.id', 'apps.organisation_id')
    .select(columns)
    .where('apps.id', '=', param('id')),
)

const byName = lookup((db, param: Param<{ name: string }>) =>
  db
    .selectFrom('apps')
    .innerJoin('organisations', 'organisations.id', 'apps.organisation_id')
    .select(columns)
    .select([
      'organisations.slug as organisationSlug',
      'organisations.name as organisationName',
      'organisations.personal_of as personalOf',
      'organisations.membership_discharge as membershipDischarge',
      'organisations.created_at as organisationCreatedAt',
      ...policyColumns,
    ])
    .where('apps.name', '=', param('name')),
)

// In the words of the index of names, which is read alone.
const countColumns = [
  sql<number>`(select count(*) from machines where app_id = apps.id and state <> 'destroyed')`.as('machineCount'),
  sql<number>`(select count(*) from volumes where app_id = apps.id and state <> 'destroyed')`.as('volumeCount'),
]

const counts = lookup((db, param: Param<{ id: number }>) =>
  db.selectFrom('apps').select(countColumns).where('id', '=', param('id')),
)

const byIdempotencyKey = query((db, param: Param<{ organisationId: number; key: string }>) =>
  db
    .selectFrom('apps')
    .select(columns)
    .where('organisation_id', '=', param('organisationId'))
    .where('idempotency_key', '=', param('key')),
)

const page = query((db, param: Param<{ organisationId: number; limit: number; after: string }>) =>
  db
    .selectFrom('apps')
    .select(columns)
    .select(countColumns)
    .where('organisation_id', '=', param('organisationId'))
    .where('name', '>', param('after'))
    .orderBy('name')
    .limit(param('limit')),
)

const insert = query((db, param: Param<Omit<App, 'id'>>) =>
  db
    .insertInto('apps')
    .values({
      public_id: param('publicId'),
      name: param('name'),
      organisation_id: param('organisationId'),
      network: param('network'),
      idempotency_key: param('idempotencyKey'),
      created_at: param('createdAt'),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id'),
)

const remove = query((db, param: Param<{ id: number }>) => db.deleteFrom('apps').where('id', '=', param('id')))

const removeLeftover = query((db, param: Param<{ name: string }>) =>
  db
    .deleteFrom('apps')
    .where('name', '=', param('name'))
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('organisations')
            .select('organisations.id')
            .whereRef('organisations.id', '=', 'apps.organisation_id'),
        ),
      ),
    ),
)
