// What happened to a machine, newest first.
import type { MachineEvent } from '@hallpass/client'

import { State } from '../ui/layout.tsx'
import { Time } from '../ui/time.tsx'
import { sayEvent } from './event-words.ts'

export function MachineEvents({ events }: { readonly events: readonly MachineEvent[] }) {
  return (
    <ol className="divide-y divide-line border-y border-line">
      {events.map((event) => (
        <Event key={event.id} event={event} />
      ))}
    </ol>
  )
}

function Event({ event }: { readonly event: MachineEvent }) {
  const { title, more, tone } = sayEvent(event)
  return (
    <li className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-0.5 py-2.5">
      <div className="min-w-0 flex-1 basis-52">
        <p className="font-medium">
          <State tone={tone}>{title}</State>
        </p>
        {more !== '' && <p className="pl-3 text-small text-muted wrap-anywhere">{more}</p>}
      </div>
      <p className="text-small text-muted">
        <Time at={new Date(event.timestamp).toISOString()} />
      </p>
    </li>
  )
}
