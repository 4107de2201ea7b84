// Removes what the operator keeps for a limited time, when that time is over.
import type { ReadTransaction } from '../domain/store.ts'
import type { Chore } from './worker.ts'

/** Milliseconds; undefined means for ever. */
export interface Retention {
  readonly auditEvents: number | undefined
  /** Counted from their end, also for revoked ones: until then the store must know that they are dead. */
  readonly endedTokens: number | undefined
}

/** The chores for data that is kept for a limited time. */
export function createRetention({ auditEvents, endedTokens }: Retention, now: () => number): readonly Chore[] {
  return [
    ...(auditEvents === undefined ? [] : [removeEvents(auditEvents, now)]),
    ...(endedTokens === undefined ? [] : [removeTokens(endedTokens, now)]),
  ]
}

function removeEvents(kept: number, now: () => number): Chore {
  return {
    name: 'removing audit events',
    isDue: (tx) => tx.audit.areOlder(now() - kept),
    step: (tx) => tx.audit.removeOlder(now() - kept),
  }
}

function removeTokens(kept: number, now: () => number): Chore {
  async function place(tx: ReadTransaction): Promise<readonly [number, number]> {
    const [organisation = '0', doneAt = '0'] = (await tx.settings.get(placeName))?.split(' ') ?? []
    return [Number(organisation), Number(doneAt)]
  }
  return {
    name: 'removing tokens that ended',
    async isDue(tx) {
      const [organisation, doneAt] = await place(tx)
      return organisation > 0 || Math.abs(now() - doneAt) > hour
    },
    async step(tx) {
      const [organisation, doneAt] = await place(tx)
      const reached = await tx.tokens.removeEnded(now() - kept, organisation)
      await tx.settings.set(placeName, reached === undefined ? `0 ${now()}` : `${reached} ${doneAt}`)
      return reached !== undefined
    },
  }
}

// The last organisation that is done, and the time when all were done.
const placeName = 'ended_tokens_removed'
// Every organisation is looked at.
const hour = 3_600_000
