// Audit events: only ever appended, and kept when their organisation is deleted.
import type { AuditEvent, StoredAuditEvent } from '../domain/audit-event.ts'
import type { Transaction } from '../domain/store.ts'
import { query, type Param, type Session } from './query.ts'

export function audit(session: Session): Transaction['audit'] {
  return {
    ofOrganisation: async (organisationId, { limit, before }) => {
      const rows = await session.many(ofOrganisation, {
        organisationId,
        before: before ?? Number.MAX_SAFE_INTEGER,
        limit: limit + 1,
      })
      const items = rows.slice(0, limit).map(toEvent)
      const last = items.at(-1)
      return rows.length > limit && last ? { items, next: last.id } : { items }
    },
    append: ({ actor, ...event }) =>
      session.run(append, { ...event, actorKind: actor.kind, actorId: actor.id, actorLabel: actor.label }),
  }
}

type AuditRow = Omit<AuditEvent, 'actor'> & {
  readonly actorKind: AuditEvent['actor']['kind']
  readonly actorId: string
  readonly actorLabel: string
}

const ofOrganisation = query((db, param: Param<{ organisationId: number; before: number; limit: number }>) =>
  db
    .selectFrom('audit_events')
    .select([
      'id',
      'at',
      'organisation_id as organisationId',
      'operation',
      'outcome',
      'actor_kind as actorKind',
      'actor_id as actorId',
      'actor_label as actorLabel',
      'target',
      'reason',
      'request_id as requestId',
    ])
    .where('organisation_id', '=', param('organisationId'))
    .where('id', '<', param('before'))
    .orderBy('id', 'desc')
    .limit(param('limit')),
)

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
  }),
)

function toEvent({ actorKind, actorId, actorLabel, ...event }: AuditRow & { readonly id: number }): StoredAuditEvent {
  return { ...event, actor: { kind: actorKind, id: actorId, label: actorLabel } }
}
