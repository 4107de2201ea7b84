// Reads over one SQLite connection: all reads between two commits share one snapshot, and its cache passes to the next
// one, except what a commit changed.
import type { ReadTransaction } from '../domain/store.ts'
import { LookupCache, type Changes } from './lookup-cache.ts'
import { openTransaction } from './transaction.ts'
import { SqliteSession, type SqliteConnection } from './sqlite-connection.ts'

export class SnapshotReader {
  readonly #connection: SqliteConnection
  /** Its data version changes when another program writes, and not when this one does. */
  readonly #writer: SqliteConnection
  readonly #failed: (error: unknown) => void
  readonly #waiting: (() => void)[] = []
  #snapshot: Snapshot | undefined
  #cache = new LookupCache()
  #dataVersion: number | undefined
  #forgetting: NodeJS.Timeout | undefined
  #active = 0
  #outdated = false

  /** @param failed called if the snapshot cannot be closed, because no caller would see it */
  constructor(connection: SqliteConnection, writer: SqliteConnection, failed: (error: unknown) => void) {
    this.#connection = connection
    this.#writer = writer
    this.#failed = failed
  }

  /** Resolves when a snapshot with every commit that was announced before may be entered; undefined if it may be now. */
  ready(): Promise<void> | undefined {
    return this.#outdated ? this.#renewal() : undefined
  }

  /** The snapshot, for one reader, who calls {@link leave}. Taking the reader's work here would make one more promise for each read. */
  enter(): ReadTransaction {
    this.#snapshot ??= this.#open()
    this.#active += 1
    return this.#snapshot.tx
  }

  /** Ends what {@link enter} began. */
  leave(): void {
    this.#active -= 1
    // SQLite closes the snapshot itself after some errors.
    if (!this.#connection.database.isTransaction) this.#outdated = true
    if (this.#active === 0 && this.#outdated) this.#release()
  }

  /** Announces a commit: no read that begins from now on sees the state before it. */
  outdate(changes: Changes): void {
    this.#cache = this.#cache.after(changes)
    this.#renew()
  }

  #renew(): void {
    if (this.#active > 0) this.#outdated = true
    else this.rest()
  }

  /** Closes the snapshot if nobody reads, because the write-ahead log can only start over when no snapshot uses it. */
  rest(): void {
    if (this.#active === 0 && this.#snapshot !== undefined) this.#release()
  }

  /** Resolves when the last read has ended and the snapshot is closed. */
  async drain(): Promise<void> {
    clearTimeout(this.#forgetting)
    this.#renew()
    if (this.#outdated) await this.#renewal()
  }

  async #renewal(): Promise<void> {
    while (this.#outdated) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #open(): Snapshot {
    this.#forgetting ??= setTimeout(() => this.#expire(), longestMemory).unref()
    this.#connection.command('BEGIN')
    // It reads, so the snapshot is of now: no row of it may be newer than what is cached.
    this.#connection.dataVersion()
    this.#forgetWhatOthersChanged()
    const session = new SqliteSession(this.#connection)
    return { session, tx: openTransaction(session, this.#cache.lookups()) }
  }

  #expire(): void {
    this.#forgetting = undefined
    this.#renew()
  }

  #forgetWhatOthersChanged(): void {
    const before = this.#dataVersion
    try {
      this.#dataVersion = this.#writer.dataVersion()
    } catch {
      this.#dataVersion = undefined
    }
    if (this.#dataVersion === undefined || this.#dataVersion !== before) this.#cache = new LookupCache()
  }

  #release(): void {
    this.#snapshot?.session.end()
    this.#snapshot = undefined
    this.#outdated = false
    try {
      if (this.#connection.database.isTransaction) this.#connection.command('COMMIT')
    } catch (error) {
      this.#failed(error)
    }
    for (const proceed of this.#waiting.splice(0)) proceed()
  }
}

interface Snapshot {
  readonly session: SqliteSession
  readonly tx: ReadTransaction
}

// Milliseconds after which reads see what other programs wrote to the file, for example a person with the sqlite3 tool.
const longestMemory = 1000
