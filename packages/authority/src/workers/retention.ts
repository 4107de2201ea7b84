// Removes data that the operator keeps for a limited time, when that time is over.
import type { ReadTransaction } from '../domain/store.ts'
import type { Chore } from './worker.ts'

/** Milliseconds; undefined means for ever. */
export interface Retention {
  readonly auditEvents: number | undefined
  /** Counted from their end, also for revoked ones: until then the store must know that they are dead. */
  readonly endedTokens: number | undefined
}

interface Clocks {
  /** Milliseconds since 1970, by a clock that may be wrong. */
  readonly now: () => number
  /** Milliseconds of a monotonic clock. */
  readonly elapsed: () => number
}

/**
 * The chores for data that is kept for a limited time. What is removed is lost, so a clock that jumps ahead is believed
 * only slowly: see {@link noteTime}.
 */
export function createRetention({ auditEvents, endedTokens }: Retention, clocks: Clocks): readonly Chore[] {
  return [
    noteTime(clocks),
    ...(auditEvents === undefined ? [] : [removeEvents(auditEvents, clocks.now)]),
    ...(endedTokens === undefined ? [] : [removeTokens(endedTokens, clocks.now)]),
  ]
}

/**
 * Notes the time, at most a day later for each hour that a server runs. So it catches up a month in a day or two, and a
 * clock that is years ahead removes nothing for weeks. If there are several servers, each waits an hour after it first saw
 * the last note, whoever wrote it. So together they are no faster than one.
 */
function noteTime({ now, elapsed }: Clocks): Chore {
  let seen: string | undefined
  let since = elapsed()
  /** The last note, and whether it is old enough for the next one. */
  async function look(tx: ReadTransaction): Promise<readonly [string | undefined, boolean]> {
    const noted = await tx.settings.get(noteName)
    if (noted !== seen) since = elapsed()
    seen = noted
    return [noted, noted === undefined || elapsed() - since >= hour]
  }
  return {
    name: 'noting the time',
    isDue: async (tx) => (await look(tx))[1],
    async step(tx) {
      const [noted, isOld] = await look(tx)
      if (!isOld) return false
      seen = String(noted === undefined ? now() : Math.min(now(), Number(noted) + day))
      since = elapsed()
      await tx.settings.set(noteName, seen)
      return false
    },
  }
}

/** The time as far as it is believed; 1970 before it was noted. */
async function believedTime(tx: ReadTransaction, now: () => number): Promise<number> {
  return Math.min(now(), Number(await tx.settings.get(noteName)) || 0)
}

function removeEvents(kept: number, now: () => number): Chore {
  return {
    name: 'removing audit events',
    isDue: async (tx) => tx.audit.areOlder((await believedTime(tx, now)) - kept),
    step: async (tx) => tx.audit.removeOlder((await believedTime(tx, now)) - kept),
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
      // Not more often, because every organisation is looked at.
      return organisation > 0 || Math.abs(now() - doneAt) > hour
    },
    async step(tx) {
      const [organisation, doneAt] = await place(tx)
      const reached = await tx.tokens.removeEnded((await believedTime(tx, now)) - kept, organisation)
      await tx.settings.set(placeName, reached === undefined ? `0 ${now()}` : `${reached} ${doneAt}`)
      return reached !== undefined
    },
  }
}

// The last organisation that is done, and the time when all were done.
const placeName = 'ended_tokens_removed'
const noteName = 'time_noted'
const hour = 3_600_000
const day = 24 * hour
