// Does the tasks in the outbox, a few at a time; each task is claimed by one server.
import { setTimeout as pause } from 'node:timers/promises'

import { isUnavailable } from '../domain/errors.ts'
import { claimTime, type OutboxTask } from '../domain/outbox.ts'
import type { Store } from '../domain/store.ts'
import type { Worker } from './worker.ts'

// A task that takes minutes does not delay the others.
const atOnce = 4

/** `perform` does a task, and deletes or postpones it. If it does neither, the task is due again when its claim ends. */
export function startOutbox(options: {
  readonly store: Store
  readonly perform: (task: OutboxTask) => Promise<void>
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly report: (error: unknown) => void
  /** Milliseconds between two checks; 5,000 by default. */
  readonly interval?: number | undefined
}): Worker {
  const { store, perform, now, report, interval = 5_000 } = options
  const underWay = new Set<Promise<void>>()
  const stopping = new AbortController()
  const { signal } = stopping

  // The store reports its own failures.
  const reportOthers = (error: unknown) => void (isUnavailable(error) || report(error))

  async function next(): Promise<OutboxTask | undefined> {
    if (underWay.size >= atOnce || !(await store.read((tx) => tx.outbox.isDue(now())))) return undefined
    return store.write((tx) => tx.outbox.claim(now(), now() + claimTime))
  }

  async function work(): Promise<void> {
    while (!signal.aborted) {
      const task = await next().catch(reportOthers)
      if (task === undefined) {
        const isDone = new AbortController()
        const ends = { signal: AbortSignal.any([signal, isDone.signal]), ref: false }
        await Promise.race([pause(interval, undefined, ends).catch(() => {}), ...underWay])
        isDone.abort()
        continue
      }
      const doing = perform(task)
        .catch(reportOthers)
        .finally(() => underWay.delete(doing))
      underWay.add(doing)
    }
    await Promise.all(underWay)
  }

  const working = work()
  return {
    stop() {
      stopping.abort()
      return working
    },
  }
}
