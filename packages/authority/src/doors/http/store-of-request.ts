// The store for one request: failed waits count together, so that the request is answered in time however much it asks.
import { DomainError } from '../../domain/errors.ts'
import type { Store } from '../../domain/store.ts'

/** `now` is monotonic, in milliseconds. */
export function storeOfRequest(store: Store, now: () => number): Store {
  let left = patience
  async function wait<T>(ask: (patience: number) => Promise<T>): Promise<T> {
    const began = now()
    try {
      return await ask(Math.max(left, leastPatience))
    } catch (error) {
      if (error instanceof DomainError && error.code === 'unavailable') left -= now() - began
      throw error
    }
  }
  return {
    read: (work) => wait((most) => store.read(work, { patience: most })),
    write: (work, options) => wait((most) => store.write(work, { ...options, patience: most })),
    health: () => store.health(),
    failed: store.failed,
    close: () => store.close(),
  }
}

// Milliseconds. A request should be answered within five seconds, and may ask for thirty things, one after the other.
const patience = 4400
const leastPatience = 10
