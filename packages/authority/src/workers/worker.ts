// Does the chores of an installation, a step at a time between the writes of others; of several servers one at a time.
import { setTimeout as pause } from 'node:timers/promises'

import { isUnavailable } from '../domain/errors.ts'
import type { ReadTransaction, Store, Transaction } from '../domain/store.ts'

/** Work that no request asks for. Its steps can end anywhere, and go on in another process. */
export interface Chore {
  readonly name: string
  /** Whether there is anything to do. */
  isDue(tx: ReadTransaction): Promise<boolean>
  /** Takes one step, of a few milliseconds. Whether there is more. */
  step(tx: Transaction): Promise<boolean>
}

export interface Worker {
  /** Ends after the step that is under way. */
  stop(): Promise<void>
}

export interface WorkerOptions {
  readonly store: Store
  readonly chores: readonly Chore[]
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** What no other worker has. */
  readonly id: string
  /** Told when chores begin to fail, and when they no longer do. */
  readonly report: (state: { readonly chore: string; readonly error?: unknown }) => void
}

/** Looks for something to do, now and from time to time. */
export function startWorker({ store, chores, now, id, report }: WorkerOptions): Worker {
  const stopping = new AbortController()
  const failing = new Set<string>()

  async function takeStep(chore: Chore): Promise<boolean> {
    return store.write(async (tx) => (await takeLease(tx, id, now())) && chore.step(tx), { isStep: true })
  }

  async function finish(chore: Chore): Promise<void> {
    try {
      if (await store.read((tx) => chore.isDue(tx))) {
        while (!stopping.signal.aborted && (await takeStep(chore))) await pause(restMilliseconds)
      }
      if (failing.delete(chore.name)) report({ chore: chore.name })
    } catch (error) {
      // It is tried again. Nothing that is found or verified hangs on it. What is wrong with the store, the store tells.
      if (isUnavailable(error)) return
      if (!failing.has(chore.name)) report({ chore: chore.name, error })
      failing.add(chore.name)
    }
  }

  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      for (const chore of chores) if (!stopping.signal.aborted) await finish(chore)
      await pause(interval, undefined, { signal: stopping.signal, ref: false }).catch(() => {})
    }
  }

  const working = work()
  return {
    stop() {
      stopping.abort()
      return working
    },
  }
}

/** One worker at a time: two would undo each other's steps. In the transaction of the step, so that it holds for that. */
async function takeLease(tx: Transaction, id: string, now: number): Promise<boolean> {
  const [holder = '', end = '0'] = (await tx.settings.get(leaseName))?.split(' ') ?? []
  const left = Number(end) - now
  // One that ends later than any does was given by a clock that went ahead.
  if (holder !== id && left > 0 && left <= leaseMilliseconds) return false
  await tx.settings.set(leaseName, `${id} ${now + leaseMilliseconds}`)
  return true
}

const leaseName = 'worker_lease'
const leaseMilliseconds = 10_000
const interval = 10_000

// Between steps, so that what others write does not wait for one step after another.
const restMilliseconds = 10
