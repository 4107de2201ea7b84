// Events of the audit trail: who did what to what, when, and whether it was allowed.
import { Link } from 'wouter'

import { describeRunLabels, type AuditEvent } from '@hallpass/client'

import { sayOperation } from '../words/audit.ts'
import { Id } from './copy.tsx'
import { State } from './layout.tsx'
import { Time } from './time.tsx'

interface EventListProps {
  readonly events: readonly AuditEvent[]
  /** The organisation in which it happened. */
  readonly slug: string
}

export function EventList({ events, slug }: EventListProps) {
  return (
    <ol className="@container divide-y divide-line border-y border-line">
      {events.map((event) => (
        <Event key={event.id} event={event} slug={slug} />
      ))}
    </ol>
  )
}

function Event({ event, slug }: { readonly event: AuditEvent; readonly slug: string }) {
  const { at, operation, outcome, actor, target, reason, request_id } = event
  const isDenied = outcome === 'denied'
  const labels = describeRunLabels(actor)
  return (
    <li className="grid gap-x-6 gap-y-0.5 py-3 @lg:grid-cols-[minmax(0,1fr)_7rem] @2xl:grid-cols-[14rem_minmax(0,1fr)_7rem]">
      <div className="min-w-0">
        <p className="font-medium">
          {isDenied ? <State tone="bad">Denied</State> : sayOperation(operation)}
          {isDenied && <span className="font-normal text-muted"> · {sayOperation(operation).toLowerCase()}</span>}
        </p>
      </div>
      <div className="min-w-0 @lg:row-start-2 @2xl:row-start-auto">
        <p className="wrap-anywhere">
          {actor.label === '' ? 'nobody' : actor.label}
          {target !== '' && (
            <span className="text-muted">
              {' → '}
              <Target target={target} slug={slug} />
            </span>
          )}
        </p>
        {actor.derived !== undefined && (
          <p className="text-small text-muted wrap-anywhere">
            As narrowed: <Id>{actor.derived}</Id>
          </p>
        )}
        {labels !== '' && <p className="text-small text-muted wrap-anywhere">Run label: {labels}</p>}
        {reason !== '' && <p className="text-small text-muted wrap-anywhere">{reason}</p>}
        {isDenied && request_id !== '' && (
          <p className="text-small text-muted">
            Request <Id>{request_id}</Id>
          </p>
        )}
      </div>
      <p className="text-small text-muted @lg:text-right">
        <Time at={at} />
      </p>
    </li>
  )
}

/** A token and a machine lead to their pages; the id of a token is shortened to the part that people compare. */
function Target({ target, slug }: { readonly target: string; readonly slug: string }) {
  const [, id] = /^token ([0-9a-f]{8}-[0-9a-f-]{27})$/.exec(target) ?? []
  const [, machine, app = ''] = /^machine ([0-9a-f]{14}) of app (.+)$/.exec(target) ?? []
  if (machine !== undefined) {
    return (
      <>
        <Link
          href={`/dashboard/${slug}/machines/${encodeURIComponent(app)}/${machine}`}
          className="underline underline-offset-2"
        >
          machine <Id>{machine}</Id>
        </Link>{' '}
        of app {app}
      </>
    )
  }
  if (id === undefined) return target
  return (
    <Link href={`/dashboard/${slug}/tokens/${id}`} title={id} className="underline underline-offset-2">
      token <Id>{id.slice(0, 8)}…</Id>
    </Link>
  )
}
