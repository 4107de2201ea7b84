// The store for one request: failed waits count together, so that the request is answered in time however much it asks.
import { DomainError } from '../../domain/errors.ts'
import type { Store, Transactions } from '../../domain/store.ts'

/** `now` is monotonic, in milliseconds; `waited` is what the request has waited in a queue of ours. */
export function storeOfRequest(store: Store, now: () => number, waited = 0): Transactions {
  let left = patience - waited
  function count(error: unknown, began: number): void {
    if (error instanceof DomainError && error.code === 'unavailable') left -= now() - began
  }
  return {
    async read(work) {
      const began = now()
      try {
        return await store.read(work, { patience: Math.max(left, leastPatience) })
      } catch (error) {
        count(error, began)
        throw error
      }
    },
    async write(work, options) {
      const began = now()
      try {
        return await store.write(work, { ...options, patience: Math.max(left, leastPatience) })
      } catch (error) {
        count(error, began)
        throw error
      }
    },
  }
}

// Milliseconds. A request should be answered within five seconds, and may ask for thirty things, one after the other.
const patience = 4400
const leastPatience = 10
