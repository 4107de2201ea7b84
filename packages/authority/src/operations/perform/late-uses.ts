// Records that a token was used after it was replaced and had ended, and tells people of it.
import type { AuditEvent } from '../../domain/audit-event.ts'
import type { NoticeItem } from '../../domain/notice.ts'
import { findNoticed } from '../../domain/noticed-people.ts'
import { runLabelsOf } from '../../domain/run-labels.ts'
import type { Transaction } from '../../domain/store.ts'
import type { TokenRecord } from '../../domain/token.ts'
import { derivedName } from './derived.ts'
import type { Environment } from './operation.ts'
import { describeEnd, type LateToken } from './principal.ts'

export interface LateUses {
  readonly tokens: readonly LateToken[]
  /** The address of the client. */
  readonly from: string
  /** As the client calls itself. */
  readonly userAgent: string | undefined
  /** Milliseconds. */
  readonly at: number
  /** Empty if it is not known. */
  readonly requestId: string
}

/** Recorded once in ten minutes, and told once a day, for each token. What cannot be written is reported, and changes no answer. */
export async function recordLateUses(
  environment: Pick<Environment, 'lateUseLimit' | 'report' | 'store' | 'postbox' | 'uses'>,
  { tokens, from, userAgent, at, requestId }: LateUses,
): Promise<void> {
  const { lateUseLimit, report, store } = environment
  const due = tokens.filter(({ record }) => lateUseLimit.take(record.id) === 0)
  if (due.length === 0) return
  const events = due.map(({ record, verified }): AuditEvent => {
    const { id, organisationId, expiresAt, name } = record
    const known = verified && { runLabels: runLabelsOf(verified), derived: derivedName({ record, verified }) }
    return {
      at,
      requestId,
      organisationId,
      operation: 'token.use',
      outcome: 'denied',
      actor: { kind: 'token', id, label: name, ...known },
      target: `token ${id}`,
      reason: `${describeEnd(record, expiresAt, at) ?? ''}; it was used from ${from}`,
    }
  })
  try {
    await store.write(async (tx) => {
      for (const event of events) await tx.audit.append(event)
      if (environment.postbox === undefined) return
      const use = { at, ...environment.uses.describe(from, userAgent ?? '') }
      for (const { record } of due) await tellOf(tx, record, use)
    })
  } catch (failure) {
    report(failure, requestId)
  }
}

/** A mail a day at most for each person, whoever uses how many tokens how often. */
async function tellOf(tx: Transaction, { id }: TokenRecord, use: NonNullable<NoticeItem['use']>): Promise<void> {
  const record = await tx.tokens.byId(id)
  if (record === undefined || !(await tx.notices.noteLate(id, use.at))) return
  for (const userId of await findNoticed(tx, record)) {
    await tx.notices.add({ userId, kind: 'late' }, [{ tokenId: id, use }], { now: use.at, dueAt: use.at })
  }
}
