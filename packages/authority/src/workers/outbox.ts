// Does the tasks in the outbox, one after another; each task is claimed by one server.
import { setTimeout as pause } from 'node:timers/promises'

import { isUnavailable } from '../domain/errors.ts'
import { claimTime, type OutboxTask } from '../domain/outbox.ts'
import type { Store } from '../domain/store.ts'
import type { Worker } from './worker.ts'

/** `perform` does a task, and deletes or postpones it. If it does neither, the task is due again in half a minute. */
export function startOutbox(options: {
  readonly store: Store
  readonly perform: (task: OutboxTask) => Promise<void>
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly report: (error: unknown) => void
  /** Milliseconds between two checks; 5,000 by default. */
  readonly interval?: number
}): Worker {
  const { store, perform, now, report, interval = 5_000 } = options
  const stopping = new AbortController()
  const { signal } = stopping

  async function next(): Promise<OutboxTask | undefined> {
    if (!(await store.read((tx) => tx.outbox.isDue(now())))) return undefined
    return store.write((tx) => tx.outbox.claim(now(), now() + claimTime))
  }

  async function work(): Promise<void> {
    while (!signal.aborted) {
      try {
        const task = await next()
        if (task !== undefined) {
          await perform(task)
          continue
        }
      } catch (error) {
        // The store reports its own failures.
        if (!isUnavailable(error)) report(error)
      }
      await pause(interval, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  const working = work()
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  return {
    // A stop does not wait for a mail server: an unfinished task is done again after the next start.
    stop() {
      stopping.abort()
      return Promise.race([working, stopped])
    },
  }
}
