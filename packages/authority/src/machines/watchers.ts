// Waits for changes of machines: one read of the store for all that wait.
import type { Machine } from '../domain/machine.ts'
import type { Store } from '../domain/store.ts'

type Known = Pick<Machine, 'id' | 'updatedAt' | 'lastEventId'>

export interface Watchers {
  /** Resolves when the store has another state of the machine than this, or the signal is aborted. */
  changed(machine: Known, signal: AbortSignal): Promise<void>
  /** Reads the store soon, because something changed in this process. */
  look(): void
  /** The machine as it is now. */
  saw(machine: Known): void
}

/** How often the store is asked what other authorities changed. */
const interval = 500
const soon = 5

export function createWatchers(store: Pick<Store, 'read'>): Watchers {
  const waiting = new Map<Known, () => void>()
  let timer: NodeJS.Timeout | undefined
  let isSoon = false

  function plan(milliseconds: number): void {
    clearTimeout(timer)
    timer = waiting.size === 0 ? undefined : setTimeout(() => void ask(), milliseconds)
  }

  async function ask(): Promise<void> {
    isSoon = false
    const ids = new Set([...waiting.keys()].map(({ id }) => id))
    try {
      const found = await store.read((tx) => Promise.all([...ids].map((id) => tx.machines.byId(id))))
      const now = new Map(found.flatMap((machine) => (machine === undefined ? [] : [[machine.id, machine] as const])))
      for (const [known, resolve] of waiting) {
        if (!ids.has(known.id)) continue
        const machine = now.get(known.id)
        if (machine === undefined || isOther(machine, known)) resolve()
      }
    } catch {
      // The store reports its own trouble, and the checks of ongoing calls end those that wait.
    }
    if (!isSoon) plan(interval)
  }

  return {
    changed(machine, signal) {
      return new Promise((resolve) => {
        const end = () => {
          waiting.delete(key)
          signal.removeEventListener('abort', end)
          resolve()
        }
        // Two callers may pass the same object.
        const key = { ...machine }
        waiting.set(key, end)
        if (signal.aborted) return end()
        signal.addEventListener('abort', end)
        if (timer === undefined) plan(interval)
      })
    },
    look() {
      if (isSoon || waiting.size === 0) return
      isSoon = true
      plan(soon)
    },
    saw(machine) {
      for (const [known, resolve] of waiting) if (known.id === machine.id && isOther(machine, known)) resolve()
    },
  }
}

function isOther(machine: Known, known: Known): boolean {
  return machine.updatedAt !== known.updatedAt || machine.lastEventId !== known.lastEventId
}
