// A database that a suite opens stores over.
import type { Store } from '../../domain/store.ts'

export interface TestDatabase {
  /** Opens a store over it; any earlier one has been closed. */
  open(): Promise<Store>
  /** Keeps every write out, as another program may, until what it returns is called. */
  hold(): Promise<() => Promise<void>>
  remove(): Promise<void>
}

/** An empty database each time. */
export type CreateDatabase = () => Promise<TestDatabase>
