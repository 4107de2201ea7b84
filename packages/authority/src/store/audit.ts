// Audit events: appended, kept when their organisation is deleted, and removed only by age.
import { sql, type SqlBool } from 'kysely'

import type { AuditEvent, StoredAuditEvent } from '../domain/audit-event.ts'
import { pageOf, type Page } from '../domain/page.ts'
import type { RunLabels } from '../domain/run-labels.ts'
import { longestSentence, shorten } from '../domain/shorten.ts'
import type { Transaction } from '../domain/store.ts'
import { query, type Param, type QuerySession } from './query.ts'
import { eventsAreOlder, removeEvents } from './retention.ts'

export function audit(session: QuerySession): Transaction['audit'] {
  return {
    ofOrganisation: async (organisationId, { limit, before }) => {
      const rows = await session.many(ofOrganisation, {
        organisationId,
        before: before ?? Number.MAX_SAFE_INTEGER,
        limit: limit + 1,
      })
      return toPage(rows, limit)
    },
    ofToken: async ({ id, organisationId, createdAt, targets }, { limit, before }) => {
      const [target, second, third] = targets
      const rows = await session.many(ofToken, {
        id,
        organisationId,
        createdAt,
        target,
        second,
        third,
        before: before ?? Number.MAX_SAFE_INTEGER,
        limit: limit + 1,
      })
      return toPage(rows, limit)
    },
    append: ({ actor, target, reason, ...event }) =>
      session.run(append, {
        ...event,
        target: shorten(target),
        reason: shorten(reason),
        actorKind: actor.kind,
        actorId: actor.id,
        actorLabel: shorten(actor.label),
        actorDerived: actor.derived ?? null,
        runLabels: actor.runLabels == null ? null : JSON.stringify(actor.runLabels),
      }),
    areOlder: (before) => eventsAreOlder(session, before),
    removeOlder: (before) => removeEvents(session, before),
  }
}

type AuditRow = Omit<AuditEvent, 'actor'> & {
  readonly actorKind: AuditEvent['actor']['kind']
  readonly actorId: string
  readonly actorLabel: string
  readonly runLabels: string | null
  readonly actorDerived: string | null
}

const columns = [
  'id',
  'at',
  'organisation_id as organisationId',
  'operation',
  'outcome',
  'actor_kind as actorKind',
  'actor_id as actorId',
  'actor_label as actorLabel',
  'target',
  // Rows from earlier versions may be longer.
  sql<string>`substr(reason, 1, ${sql.lit(longestSentence)})`.as('reason'),
  'request_id as requestId',
  'run_labels as runLabels',
  'actor_derived as actorDerived',
] as const

const ofOrganisation = query((db, param: Param<{ organisationId: number; before: number; limit: number }>) =>
  db
    .selectFrom('audit_events')
    .select(columns)
    .where('organisation_id', '=', param('organisationId'))
    .where('id', '<', param('before'))
    .orderBy('id', 'desc')
    .limit(param('limit')),
)

interface OfToken {
  readonly id: string
  readonly organisationId: number
  readonly createdAt: number
  readonly target: string
  readonly second: string
  readonly third: string
  readonly before: number
  readonly limit: number
}

// A page from each of the indexes is enough for a page of all. The conditions of the partial indexes are written as in
// the migration; otherwise no planner would use them.
const ofToken = query((db, param: Param<OfToken>) => {
  const part = () =>
    db
      .selectFrom('audit_events')
      .select(columns)
      .where('id', '<', param('before'))
      .orderBy('id', 'desc')
      .limit(param('limit'))
  const by = part()
    .where(sql<SqlBool>`actor_kind = 'token'`)
    .where('actor_id', '=', param('id'))
    // What it tried elsewhere is in the trail of that organisation.
    .where((eb) => eb.or([eb('organisation_id', '=', param('organisationId')), eb('organisation_id', 'is', null)]))
  const about = (target: 'target' | 'second' | 'third') =>
    part()
      .where(sql<SqlBool>`operation <> 'token.mint'`)
      .where('target', '=', param(target))
      .where('organisation_id', '=', param('organisationId'))
      // Those are already among what it did.
      .where((eb) => eb.not(eb.and([sql<SqlBool>`actor_kind = 'token'`, eb('actor_id', '=', param('id'))])))
  const minted = part()
    .where(sql<SqlBool>`operation = 'token.mint'`)
    .where('organisation_id', '=', param('organisationId'))
    .where('at', '=', param('createdAt'))
    .where('target', '=', param('target'))
  return db
    .selectFrom(by.as('did'))
    .selectAll()
    .unionAll(db.selectFrom(about('target').as('about')).selectAll())
    .unionAll(db.selectFrom(about('second').as('second')).selectAll())
    .unionAll(db.selectFrom(about('third').as('third')).selectAll())
    .unionAll(db.selectFrom(minted.as('minted')).selectAll())
    .orderBy('id', 'desc')
    .limit(param('limit'))
})

const append = query((db, param: Param<AuditRow>) =>
  db.insertInto('audit_events').values({
    at: param('at'),
    organisation_id: param('organisationId'),
    operation: param('operation'),
    outcome: param('outcome'),
    actor_kind: param('actorKind'),
    actor_id: param('actorId'),
    actor_label: param('actorLabel'),
    target: param('target'),
    reason: param('reason'),
    request_id: param('requestId'),
    run_labels: param('runLabels'),
    actor_derived: param('actorDerived'),
  }),
)

function toPage(rows: readonly (AuditRow & { readonly id: number })[], limit: number): Page<StoredAuditEvent, number> {
  return pageOf(rows.slice(0, limit).map(toEvent), rows, limit)
}

function toEvent(row: AuditRow & { readonly id: number }): StoredAuditEvent {
  const { actorKind, actorId, actorLabel, actorDerived, runLabels, ...event } = row
  const actor = {
    kind: actorKind,
    id: actorId,
    label: actorLabel,
    ...(actorDerived === null ? {} : { derived: actorDerived }),
    ...(runLabels === null ? {} : { runLabels: JSON.parse(runLabels) as RunLabels }),
  }
  return { ...event, actor }
}
