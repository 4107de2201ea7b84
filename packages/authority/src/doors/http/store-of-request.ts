// The store for one request: failed waits count together, so that the request is answered in time however much it asks.
import { DomainError } from '../../domain/errors.ts'
import type {
  Asker,
  ReadOptions,
  ReadTransaction,
  Transaction,
  Transactions,
  WriteOptions,
} from '../../domain/store.ts'

export class StoreOfRequest implements Transactions {
  readonly #store: Transactions
  readonly #now: () => number
  readonly #asker: Asker
  #left: number

  /** `now` is monotonic, in milliseconds; `waited` is what the request has waited in a queue of ours. */
  constructor(store: Transactions, now: () => number, asker: Asker, waited = 0) {
    this.#store = store
    this.#now = now
    this.#asker = asker
    this.#left = patience - waited
  }

  read<T>(work: (tx: ReadTransaction) => Promise<T>): Promise<T> {
    return this.#count(this.#now(), this.#store.read(work, this.#limits()))
  }

  write<T>(work: (tx: Transaction) => Promise<T>, options?: WriteOptions): Promise<T> {
    return this.#count(this.#now(), this.#store.write(work, { ...options, ...this.#limits() }))
  }

  #limits(): ReadOptions {
    return { patience: Math.max(this.#left, leastPatience), asker: this.#asker }
  }

  #count<T>(began: number, asked: Promise<T>): Promise<T> {
    return asked.catch((error: unknown) => {
      if (error instanceof DomainError && error.code === 'unavailable') this.#left -= this.#now() - began
      throw error
    })
  }
}

// Milliseconds. A request should be answered within five seconds, and may ask for thirty things, one after the other.
const patience = 4400
const leastPatience = 10
