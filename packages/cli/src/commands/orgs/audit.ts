// `hallpass orgs audit`: what happened in an organisation.
import { describeRunLabels, type AuditEvent } from '@hallpass/client'

import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { formatGoTime } from '../../go-time.ts'
import { writeTable, wroteJson } from '../../output.ts'
import { readPages } from '../../pages.ts'

/** Prints all events that are kept, newest first. */
export async function listAuditEvents(context: Context, flags: GlobalFlags & JsonFlag, slug: string): Promise<void> {
  const client = await connect(context, flags)
  const events = await readPages<AuditEvent>(async (cursor) => {
    const page = await client.listAuditEvents({ org_slug: slug, limit: 1000, cursor })
    return { items: page.events, next: page.next_cursor }
  })
  if (wroteJson(context, flags, { events })) return
  writeTable(
    context,
    ['AT', 'WHO', 'OPERATION', 'TARGET', 'OUTCOME', 'REASON', 'RUN LABELS', 'DERIVED TOKEN'],
    events.map(({ at, actor, operation, target, outcome, reason }) => [
      formatGoTime(at),
      actor.label === '' ? actor.kind : actor.label,
      operation,
      target,
      outcome,
      reason,
      describeRunLabels(actor),
      actor.derived ?? '',
    ]),
  )
}
