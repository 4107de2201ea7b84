// Does what waits in the outbox, one task after another; of several servers each takes what no other one has.
import { setTimeout as pause } from 'node:timers/promises'

import { isUnavailable } from '../domain/errors.ts'
import { claimTime, type OutboxTask } from '../domain/outbox.ts'
import type { Store } from '../domain/store.ts'
import type { Worker } from './worker.ts'

/** `perform` does a task, and deletes or postpones it; what it leaves is due again in half a minute. */
export function startOutbox(options: {
  readonly store: Store
  readonly perform: (task: OutboxTask) => Promise<void>
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly report: (error: unknown) => void
  /** Milliseconds between two looks; 5,000 where it is absent. */
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
        // What is wrong with the store, the store tells.
        if (!isUnavailable(error)) report(error)
      }
      await pause(interval, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  const working = work()
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  return {
    // Nobody waits for a mail server: what is under way is done again by whoever starts next.
    stop() {
      stopping.abort()
      return Promise.race([working, stopped])
    },
  }
}
