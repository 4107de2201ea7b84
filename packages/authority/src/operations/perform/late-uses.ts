// Records that a token was used after it was replaced and had ended.
import type { AuditEvent } from '../../domain/audit-event.ts'
import { runLabelsOf } from '../../domain/run-labels.ts'
import type { Environment } from './operation.ts'
import { describeEnd, type LateToken } from './principal.ts'

export interface LateUses {
  readonly tokens: readonly LateToken[]
  /** The address of the client. */
  readonly from: string
  /** Milliseconds. */
  readonly at: number
  /** Empty if it is not known. */
  readonly requestId: string
}

/** Once in ten minutes for each token. What cannot be written is reported, and changes no answer. */
export async function recordLateUses(
  { lateUseLimit, report, store }: Pick<Environment, 'lateUseLimit' | 'report' | 'store'>,
  { tokens, from, at, requestId }: LateUses,
): Promise<void> {
  const due = tokens.filter(({ record }) => lateUseLimit.take(record.id) === 0)
  if (due.length === 0) return
  const events = due.map(({ record, verified }): AuditEvent => {
    const { id, organisationId, expiresAt, name } = record
    const runLabels = verified && runLabelsOf(verified)
    return {
      at,
      requestId,
      organisationId,
      operation: 'token.use',
      outcome: 'denied',
      actor: { kind: 'token', id, label: name, ...(runLabels && { runLabels }) },
      target: `token ${id}`,
      reason: `${describeEnd(record, expiresAt, at) ?? ''}; it was used from ${from}`,
    }
  })
  try {
    await store.write(async (tx) => {
      for (const event of events) await tx.audit.append(event)
    })
  } catch (failure) {
    report(failure, requestId)
  }
}
