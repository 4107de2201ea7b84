// Events of the audit trail: who did what to what, when, and whether it was allowed.
import type { AuditEvent } from '@hallpass/client'

import { sayOperation } from '../words/audit.ts'
import { Id } from './copy.tsx'
import { State } from './layout.tsx'
import { Time } from './time.tsx'

export function EventList({ events }: { readonly events: readonly AuditEvent[] }) {
  return (
    <ol className="divide-y divide-line border-y border-line">
      {events.map((event) => (
        <Event key={event.id} event={event} />
      ))}
    </ol>
  )
}

function Event({
  event: { at, operation, outcome, actor, target, reason, request_id },
}: {
  readonly event: AuditEvent
}) {
  const isDenied = outcome === 'denied'
  return (
    <li className="grid gap-x-6 gap-y-0.5 py-3 narrow:grid-cols-[minmax(0,1fr)_7rem] wide:grid-cols-[14rem_minmax(0,1fr)_7rem]">
      <div className="min-w-0">
        <p className="font-medium">
          {isDenied ? <State tone="bad">Denied</State> : sayOperation(operation)}
          {isDenied && <span className="font-normal text-muted"> · {sayOperation(operation).toLowerCase()}</span>}
        </p>
      </div>
      <div className="min-w-0 narrow:row-start-2 wide:row-start-auto">
        <p className="wrap-anywhere">
          {actor.label === '' ? 'nobody' : actor.label}
          {target !== '' && <span className="text-muted"> → {target}</span>}
        </p>
        {reason !== '' && <p className="text-small text-muted wrap-anywhere">{reason}</p>}
        {isDenied && request_id !== '' && (
          <p className="text-small text-muted">
            Request <Id>{request_id}</Id>
          </p>
        )}
      </div>
      <p className="text-small text-muted narrow:text-right">
        <Time at={at} />
      </p>
    </li>
  )
}
