// A database that a suite opens stores over.
import type { Store } from '../../domain/store.ts'

export interface TestDatabase {
  /** Opens a store over it; any earlier one has been closed. */
  open(): Promise<Store>
  /** Blocks every write, as another program may, until the returned function is called. */
  hold(): Promise<() => Promise<void>>
  remove(): Promise<void>
}

/** An empty database each time. */
export type CreateDatabase = () => Promise<TestDatabase>
