// Machines, with their versions and events.
import { sql, type RawBuilder, type SqlBool } from 'kysely'

import { DomainError } from '../domain/errors.ts'
import { awaitedImage } from '../domain/machine-config.ts'
import type { MachineState } from '../domain/machine-states.ts'
import type { Machine, MachineEvent, MachineVersion } from '../domain/machine.ts'
import type { RunLabels } from '../domain/run-labels.ts'
import type { AwaitedImage, MachineQuery } from '../domain/store/machines.ts'
import type { Transaction } from '../domain/store.ts'
import { columnsOf, query, type Param, type QuerySession } from './query.ts'
import { machineTokens } from './machine-tokens.ts'
import type { MachineColumns } from './schema.ts'

export function machines(session: QuerySession): Transaction['machines'] {
  const addEvents = async (machineId: string, happened: readonly MachineEvent[]) => {
    for (const { id, type, status, source, at, request } of happened) {
      await session.run(addEvent, { machineId, id, type, status, source, at, request })
    }
  }
  const many = async (rows: Promise<readonly MachineColumns[]>) => (await rows).map(toMachine)
  return {
    byId: async (id) => {
      const row = await session.one(byId, { id })
      return row && toMachine(row)
    },
    ofApp: (id, asked) => many(session.many(ofApp, { id, ...placeOf(asked) })),
    ofOrganisation: (id, asked) => many(session.many(ofOrganisation, { id, ...placeOf(asked) })),
    page: (asked) => many(session.many(page, placeOf(asked))),
    hasDestroyed: async (before) => (await session.one(destroyed, { before, limit: 1 })) !== undefined,
    organisationsDue: async (after, now, limit) =>
      (await session.many(organisationsDue, { after, now, limit })).map(({ id }) => id),
    due: async (organisationId, now, limit) =>
      (await session.many(due, { organisationId, now, limit })).map(({ id }) => id),
    dueForImage: async ({ organisationId, reference }, now, limit) =>
      (await session.many(dueForImage, { organisationId, reference, now, limit })).map(({ id }) => id),
    organisationsAwaiting: async (after, limit) =>
      (await session.many(organisationsAwaiting, { after, now: 0, limit })).map(({ id }) => id),
    imagesAwaited: (organisationId, after, limit) => session.many(imagesAwaited, { organisationId, after, limit }),
    nextDue: async (after) => (await session.one(nextDue, { after }))?.dueAt ?? undefined,
    events: (machineId, limit) => session.many(events, { machineId, limit }),
    versions: (machineId, limit) => session.many(versions, { machineId, limit }),
    insert: async (machine, happened) => {
      if (!(await session.insert(insert, toRow(machine)))) {
        throw new DomainError('name_taken', `The app has a machine of the name "${machine.name}" already.`, {
          field: 'name',
        })
      }
      const { id, version, config, createdAt } = machine
      await session.run(addVersion, { machineId: id, version, config, createdAt })
      await addEvents(id, happened)
    },
    save: async (machine, happened) => {
      await session.run(save, toRow(machine))
      const { id, state, updatedAt } = machine
      if (state === 'destroying' || state === 'destroyed') {
        await machineTokens(session).end(id, updatedAt, `the end of machine ${id}`)
      }
      await addEvents(machine.id, happened)
      if (happened.length > 0) await session.run(forgetEvents, { machineId: machine.id, kept })
    },
    addVersion: async (machineId, { version, config, createdAt }) => {
      await session.run(addVersion, { machineId, version, config, createdAt })
      await session.run(forgetVersions, { machineId, kept })
    },
    destroyOfApp: (id, now) => session.run(destroyOfApp, { id, now, goes: 'destroying', gone }),
    destroyOfOrganisation: (id, now) => session.run(destroyOfOrganisation, { id, now, goes: 'destroying', gone }),
    deleteDestroyed: async (before) => {
      const found = await session.many(destroyed, { before, limit: stepSize })
      for (const { id } of found) {
        await session.run(removeEvents, { id })
        await session.run(removeVersions, { id })
        await session.run(remove, { id })
      }
      return found.length === stepSize
    },
  }
}

const gone = 'destroyed'
const kept = 100
const stepSize = 64

interface Place {
  readonly limit: number
  readonly after: string
  readonly without: string
  readonly updatedAfter: number
}

function placeOf({ limit, after = '', withDestroyed = false, updatedAfter = -1 }: MachineQuery): Place {
  return { limit, after, without: withDestroyed ? '' : gone, updatedAfter }
}

function toMachine(row: MachineColumns): Machine {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    appId: row.app_id,
    name: row.name,
    region: row.region,
    state: row.state,
    version: row.version,
    config: row.config,
    metadata: row.metadata,
    isCordoned: row.is_cordoned === 1,
    hasSecrets: row.has_secrets === 1,
    launches: row.launches === 1,
    stopSignal: row.stop_signal,
    stopTimeout: row.stop_timeout,
    image: row.image,
    runId: row.run_id,
    runs: row.runs,
    startedAt: row.started_at,
    address: row.address,
    restarts: row.restarts,
    tries: row.tries,
    dueAt: row.due_at,
    lastEventId: row.last_event_id,
    lease:
      row.lease_nonce === null
        ? null
        : {
            nonce: row.lease_nonce,
            owner: row.lease_owner ?? '',
            description: row.lease_description ?? '',
            expiresAt: row.lease_expires_at ?? 0,
            version: row.lease_version ?? '',
          },
    runLabels: row.run_labels === null ? null : (JSON.parse(row.run_labels) as RunLabels),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }
}

function toRow(machine: Machine): MachineColumns {
  const { lease } = machine
  return {
    id: machine.id,
    organisation_id: machine.organisationId,
    app_id: machine.appId,
    name: machine.name,
    region: machine.region,
    state: machine.state,
    version: machine.version,
    config: machine.config,
    metadata: machine.metadata,
    is_cordoned: Number(machine.isCordoned),
    has_secrets: Number(machine.hasSecrets),
    launches: Number(machine.launches),
    stop_signal: machine.stopSignal,
    stop_timeout: machine.stopTimeout,
    image: machine.image,
    awaited_image: awaitedImage(machine),
    run_id: machine.runId,
    runs: machine.runs,
    started_at: machine.startedAt,
    address: machine.address,
    restarts: machine.restarts,
    tries: machine.tries,
    due_at: machine.dueAt,
    last_event_id: machine.lastEventId,
    lease_nonce: lease?.nonce ?? null,
    lease_owner: lease?.owner ?? null,
    lease_description: lease?.description ?? null,
    lease_expires_at: lease?.expiresAt ?? null,
    lease_version: lease?.version ?? null,
    run_labels: machine.runLabels === null ? null : JSON.stringify(machine.runLabels),
    created_at: machine.createdAt,
    updated_at: machine.updatedAt,
  }
}

const byId = query((db, param: Param<{ id: string }>) =>
  db.selectFrom('machines').selectAll().where('id', '=', param('id')),
)

interface OfOne extends Place {
  readonly id: number
}

/** The rows after a place, by id. */
const afterPlace = (param: Param<Place>) =>
  sql<SqlBool>`id > ${param('after')} and state <> ${param('without')} and updated_at > ${param('updatedAfter')}`

const listOf = (owner: 'app_id' | 'organisation_id') =>
  query((db, param: Param<OfOne>) =>
    db
      .selectFrom('machines')
      .selectAll()
      .where(owner, '=', param('id'))
      .where(afterPlace(param))
      .orderBy('id')
      .limit(param('limit')),
  )
const [ofApp, ofOrganisation] = [listOf('app_id'), listOf('organisation_id')]

const page = query((db, param: Param<Place>) =>
  db.selectFrom('machines').selectAll().where(afterPlace(param)).orderBy('id').limit(param('limit')),
)

const due = query((db, param: Param<{ organisationId: number; now: number; limit: number }>) =>
  db
    .selectFrom('machines')
    .select('id')
    .where('organisation_id', '=', param('organisationId'))
    .where('awaited_image', 'is', null)
    .where('due_at', '<=', param('now'))
    .orderBy('due_at')
    .orderBy('id')
    .limit(param('limit')),
)

const dueForImage = query((db, param: Param<AwaitedImage & { now: number; limit: number }>) =>
  db
    .selectFrom('machines')
    .select('id')
    .where('organisation_id', '=', param('organisationId'))
    .where('awaited_image', '=', param('reference'))
    .where('due_at', '<=', param('now'))
    .orderBy('due_at')
    .orderBy('id')
    .limit(param('limit')),
)

interface Organisations {
  readonly after: number
  readonly now: number
  readonly limit: number
}

// This and `imagesAwaited` go from each to the one after it in the index, past all of the same, and only as far as rows
// are taken.
const organisationsWith = (machines: (param: Param<Organisations>) => RawBuilder<SqlBool>) =>
  query((db, param: Param<Organisations>) =>
    db
      .withRecursive('found(id)', (found) =>
        found
          .selectFrom('machines')
          .select((eb) => eb.fn.min<number | null>('organisation_id').as('id'))
          .where(machines(param))
          .where('organisation_id', '>', param('after'))
          .unionAll(
            found
              .selectFrom('found')
              .select((eb) =>
                eb
                  .selectFrom('machines')
                  .select((one) => one.fn.min<number>('organisation_id').as('id'))
                  .where(machines(param))
                  .whereRef('organisation_id', '>', 'found.id')
                  .as('id'),
              )
              .where('found.id', 'is not', null),
          ),
      )
      .selectFrom('found')
      .select((eb) => eb.ref('found.id').$notNull().as('id'))
      .where('found.id', 'is not', null)
      .limit(param('limit')),
  )
const organisationsAwaiting = organisationsWith(() => sql`awaited_image is not null`)
const organisationsDue = organisationsWith((param) => sql`awaited_image is null and due_at <= ${param('now')}`)

const imagesAwaited = query((db, param: Param<{ organisationId: number; after: string; limit: number }>) =>
  db
    .withRecursive('found(reference)', (found) =>
      found
        .selectFrom('machines')
        .select((eb) => eb.fn.min('awaited_image').as('reference'))
        .where('organisation_id', '=', param('organisationId'))
        .where('awaited_image', '>', param('after'))
        .unionAll(
          found
            .selectFrom('found')
            .select((eb) =>
              eb
                .selectFrom('machines')
                .select((one) => one.fn.min<string>('awaited_image').as('reference'))
                .where('organisation_id', '=', param('organisationId'))
                .whereRef('awaited_image', '>', 'found.reference')
                .as('reference'),
            )
            .where('found.reference', 'is not', null),
        ),
    )
    .selectFrom('found')
    .select((eb) => [
      eb.ref('found.reference').$notNull().as('reference'),
      eb
        .selectFrom('machines')
        .select((one) => one.fn.min<number>('due_at').as('dueAt'))
        .where('organisation_id', '=', param('organisationId'))
        .whereRef('awaited_image', '=', 'found.reference')
        .$asScalar()
        .$notNull()
        .as('dueAt'),
    ])
    .where('found.reference', 'is not', null)
    .limit(param('limit')),
)

const nextDue = query((db, param: Param<{ after: number }>) =>
  db
    .selectFrom('machines')
    .select((eb) => eb.fn.min('due_at').as('dueAt'))
    .where('due_at', '>', param('after')),
)

const events = query((db, param: Param<{ machineId: string; limit: number }>) =>
  db
    .selectFrom('machine_events')
    .select(['id', 'type', 'status', 'source', 'at', 'request'])
    .where('machine_id', '=', param('machineId'))
    .orderBy('id', 'desc')
    .limit(param('limit')),
)

const versions = query((db, param: Param<{ machineId: string; limit: number }>) =>
  db
    .selectFrom('machine_versions')
    .select(['version', 'config', 'created_at as createdAt'])
    .where('machine_id', '=', param('machineId'))
    .orderBy('version', 'desc')
    .limit(param('limit')),
)

const fixed = ['id', 'organisation_id', 'app_id', 'name', 'region', 'run_labels', 'created_at'] as const
const changing = [
  'state',
  'version',
  'config',
  'metadata',
  'is_cordoned',
  'has_secrets',
  'launches',
  'stop_signal',
  'stop_timeout',
  'image',
  'awaited_image',
  'run_id',
  'runs',
  'started_at',
  'address',
  'restarts',
  'tries',
  'due_at',
  'last_event_id',
  'lease_nonce',
  'lease_owner',
  'lease_description',
  'lease_expires_at',
  'lease_version',
  'updated_at',
] as const

const insert = query((db, param: Param<MachineColumns>) =>
  db
    .insertInto('machines')
    .values(columnsOf(param, ...fixed, ...changing))
    .onConflict((conflict) => conflict.doNothing()),
)

const save = query((db, param: Param<MachineColumns>) =>
  db
    .updateTable('machines')
    .set(columnsOf(param, ...changing))
    .where('id', '=', param('id')),
)

const addVersion = query((db, param: Param<MachineVersion & { machineId: string }>) =>
  db.insertInto('machine_versions').values({
    machine_id: param('machineId'),
    version: param('version'),
    config: param('config'),
    created_at: param('createdAt'),
  }),
)

const addEvent = query((db, param: Param<MachineEvent & { machineId: string }>) =>
  db.insertInto('machine_events').values({
    machine_id: param('machineId'),
    id: param('id'),
    type: param('type'),
    status: param('status'),
    source: param('source'),
    at: param('at'),
    request: param('request'),
  }),
)

// The newest that is not kept, and all before it. If there are fewer rows, the limit is null, and nothing is smaller than null.
const forgetVersions = query((db, param: Param<{ machineId: string; kept: number }>) =>
  db
    .deleteFrom('machine_versions')
    .where('machine_id', '=', param('machineId'))
    .where('version', '<=', (eb) =>
      eb
        .selectFrom('machine_versions')
        .select('version')
        .where('machine_id', '=', param('machineId'))
        .orderBy('version', 'desc')
        .limit((one) => one.lit(1))
        .offset(param('kept')),
    ),
)

const forgetEvents = query((db, param: Param<{ machineId: string; kept: number }>) =>
  db
    .deleteFrom('machine_events')
    .where('machine_id', '=', param('machineId'))
    .where('id', '<=', (eb) =>
      eb
        .selectFrom('machine_events')
        .select('id')
        .where('machine_id', '=', param('machineId'))
        .orderBy('id', 'desc')
        .limit((one) => one.lit(1))
        .offset(param('kept')),
    ),
)

const destroyOf = (owner: 'app_id' | 'organisation_id') =>
  query((db, param: Param<{ id: number; now: number; goes: MachineState; gone: string }>) =>
    db
      .updateTable('machines')
      .set({ state: param('goes'), due_at: param('now'), awaited_image: sql<null>`null`, updated_at: param('now') })
      .where(owner, '=', param('id'))
      .where(sql<SqlBool>`state <> ${param('gone')}`),
  )
const [destroyOfApp, destroyOfOrganisation] = [destroyOf('app_id'), destroyOf('organisation_id')]

const destroyed = query((db, param: Param<{ before: number; limit: number }>) =>
  db
    .selectFrom('machines')
    .select('id')
    .where('updated_at', '<', param('before'))
    // Written as in the index, so that the planner uses it.
    .where(sql<SqlBool>`state = 'destroyed'`)
    .limit(param('limit')),
)

const removeEvents = query((db, param: Param<{ id: string }>) =>
  db.deleteFrom('machine_events').where('machine_id', '=', param('id')),
)

const removeVersions = query((db, param: Param<{ id: string }>) =>
  db.deleteFrom('machine_versions').where('machine_id', '=', param('id')),
)

const remove = query((db, param: Param<{ id: string }>) => db.deleteFrom('machines').where('id', '=', param('id')))
