// Does the chores of an installation, one step at a time between other writes; one server does them at a time.
import { setTimeout as pause } from 'node:timers/promises'

import { isUnavailable } from '../domain/errors.ts'
import type { ReadTransaction, Store, Transaction } from '../domain/store.ts'

/** Background work. It can stop after any step, and continue in another process. */
export interface Chore {
  readonly name: string
  /** Whether there is work to do. */
  isDue(tx: ReadTransaction): Promise<boolean>
  /** Takes one step of a few milliseconds. Returns whether there is more. */
  step(tx: Transaction): Promise<boolean>
}

export interface Worker {
  /** Resolves after the current step. */
  stop(): Promise<void>
}

export interface WorkerOptions {
  readonly store: Store
  readonly chores: readonly Chore[]
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Unique to this worker. */
  readonly id: string
  /** Called when a chore begins to fail, and when it works again. */
  readonly report: (state: { readonly chore: string; readonly error?: unknown }) => void
}

/** Checks for work now and then at intervals. Chores that have much to do take turns. */
export function startWorker({ store, chores, now, id, report }: WorkerOptions): Worker {
  const stopping = new AbortController()
  const failing = new Set<string>()

  async function takeStep(chore: Chore): Promise<boolean> {
    return store.write(async (tx) => (await takeLease(tx, id, now())) && chore.step(tx), { isStep: true })
  }

  /** Takes a turn of the chore. Returns whether there is more. */
  async function takeTurn(chore: Chore): Promise<boolean> {
    try {
      let isMore = await store.read((tx) => chore.isDue(tx))
      for (let steps = 0; isMore && steps < stepsOfTurn && !stopping.signal.aborted; steps++) {
        isMore = await takeStep(chore)
        if (isMore) await pause(restMilliseconds)
      }
      if (failing.delete(chore.name)) report({ chore: chore.name })
      return isMore
    } catch (error) {
      // It is retried; nothing that is found or verified depends on it. The store reports its own failures.
      if (isUnavailable(error)) return false
      if (!failing.has(chore.name)) report({ chore: chore.name, error })
      failing.add(chore.name)
      return false
    }
  }

  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      let isMore = false
      for (const chore of chores) if (!stopping.signal.aborted && (await takeTurn(chore))) isMore = true
      if (isMore) continue
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

/**
 * One worker at a time, because two would undo each other's steps. It runs in the transaction of the step, so the lease
 * holds for the step.
 */
async function takeLease(tx: Transaction, id: string, now: number): Promise<boolean> {
  const [holder = '', end = '0'] = (await tx.settings.get(leaseName))?.split(' ') ?? []
  const left = Number(end) - now
  // A lease that lasts longer than any lease should was given by a clock that was ahead.
  if (holder !== id && left > 0 && left <= leaseMilliseconds) return false
  await tx.settings.set(leaseName, `${id} ${now + leaseMilliseconds}`)
  return true
}

const leaseName = 'worker_lease'
const leaseMilliseconds = 10_000
const interval = 10_000

/** One to two seconds: what others have to do is not held up by a chore of many minutes. */
const stepsOfTurn = 100

// A pause between steps, so that other writes do not wait for one step after another.
const restMilliseconds = 10
