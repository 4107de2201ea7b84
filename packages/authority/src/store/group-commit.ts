// Group commit: writes that are queued in one turn of the event loop share one transaction, and so one flush to disk.
import { setImmediate as nextTurn } from 'node:timers/promises'

import type { Transaction } from '../domain/store.ts'
import { Changes, createMemory, rememberAfter } from './memory.ts'
import { RememberingTransaction } from './remembering-transaction.ts'
import { SqliteSession, type SqliteConnection } from './sqlite-connection.ts'

/** What others must know about the groups: both are called synchronously, at that very moment. */
export interface GroupEvents {
  beginning(): void
  /** The group is on the disk, and nobody was told so yet. */
  committed(changes: Changes): void
}

export class GroupCommit {
  readonly #connection: SqliteConnection
  readonly #events: GroupEvents
  readonly #queue: Job[] = []
  #memory = createMemory()
  #dataVersion = 0
  #running: Promise<void> | undefined

  constructor(connection: SqliteConnection, events: GroupEvents) {
    this.#connection = connection
    this.#events = events
  }

  /**
   * Runs `work` after the writes that came before it, in a savepoint of its own within the group's transaction.
   * Resolves with what it returned once the group is committed; rejects with what it threw, alone, or with all of its
   * group where the commit fails.
   */
  write<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run: Job['run'] = async (tx) => {
        const result = await work(tx)
        return () => resolve(result)
      }
      this.#queue.push({ run, reject })
      this.#running ??= this.#runGroups()
    })
  }

  /** Resolves when everything that was queued has been answered. */
  async drain(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #runGroups(): Promise<void> {
    // Waiting for the end of the turn is what makes a group: all requests that this turn brings are in the queue then.
    do {
      await nextTurn()
      await this.#runGroup()
    } while (this.#queue.length > 0)
    this.#running = undefined
  }

  async #runGroup(): Promise<void> {
    const done: Done[] = []
    const changes = new Changes()
    this.#events.beginning()
    try {
      for (let member = 0; member < groupLimit; member++) {
        const job = this.#queue.shift()
        if (job === undefined) break
        const acknowledge = await this.#runMember(job, changes, done.length === 0)
        if (acknowledge) done.push({ acknowledge, reject: job.reject })
      }
      if (done.length > 0) {
        this.#connection.command('COMMIT')
        this.#memory = rememberAfter(this.#memory, changes)
        this.#events.committed(changes)
      }
    } catch (error) {
      for (const { reject } of done) reject(error)
      if (this.#connection.database.isTransaction) this.#connection.command('ROLLBACK')
      return
    }
    for (const { acknowledge } of done) acknowledge()
  }

  /** Runs one member. Rejects only where the whole group is lost; what the member throws is told to the member. */
  async #runMember({ run, reject }: Job, changes: Changes, first: boolean): Promise<(() => void) | undefined> {
    if (first && !this.#begin(reject)) return undefined
    const session = new SqliteSession(this.#connection, changes)
    try {
      if (first) this.#forgetWhatOthersChanged()
      else this.#connection.command('SAVEPOINT member')
      const acknowledge = await run(new RememberingTransaction(session, this.#memory, changes))
      if (!first) this.#connection.command('RELEASE member')
      return acknowledge
    } catch (error) {
      reject(error)
      // A full disk makes SQLite roll back all of it by itself.
      if (!this.#connection.database.isTransaction) throw error
      if (first) this.#connection.command('ROLLBACK')
      else {
        this.#connection.command('ROLLBACK TO member')
        this.#connection.command('RELEASE member')
      }
      return undefined
    } finally {
      session.end()
    }
  }

  /** Begins the transaction, or tells everyone who waits that it cannot: each would only wait as long again. */
  #begin(reject: Job['reject']): boolean {
    try {
      this.#connection.command('BEGIN IMMEDIATE')
      return true
    } catch (error) {
      reject(error)
      for (const waiting of this.#queue.splice(0)) waiting.reject(error)
      return false
    }
  }

  /** Another program may write to the file, as a person with the sqlite3 tool. */
  #forgetWhatOthersChanged(): void {
    const dataVersion = this.#connection.dataVersion()
    if (dataVersion !== this.#dataVersion) this.#memory = createMemory()
    this.#dataVersion = dataVersion
  }
}

interface Job {
  /** Runs the write, and returns what tells its caller that it is durable. */
  readonly run: (tx: Transaction) => Promise<() => void>
  readonly reject: (error: unknown) => void
}

interface Done {
  readonly acknowledge: () => void
  readonly reject: (error: unknown) => void
}

// Bounds how long the first of a group waits for the last.
const groupLimit = 256
