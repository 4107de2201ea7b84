// Group commit: writes queued in one turn of the event loop share one transaction, and so one flush to disk.
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'

import type { Transaction } from '../domain/store.ts'
import { Changes, LookupCache } from './lookup-cache.ts'
import { openTransaction } from './transaction.ts'
import { SqliteSession, type SqliteConnection } from './sqlite-connection.ts'
import { mayBeFull, reasonOf } from './sqlite-errors.ts'
import { StoreTrouble } from './trouble.ts'

/** The events of groups. All callbacks run synchronously at that moment. */
export interface GroupEvents {
  beginning(): void
  /** The group is on disk, and nobody has been answered yet. */
  committed(changes: Changes): void
  /** After a failed write: whether a file can grow. */
  hasRoom(): boolean
  /** The disk is full. Returns whether there is room now for urgent writes. */
  full(isUrgent: boolean): boolean
  /** The database must not be written to any more. */
  damaged(error: unknown): void
  /** A caller was refused. */
  refused(trouble: StoreTrouble): void
}

export class GroupCommit {
  readonly #connection: SqliteConnection
  readonly #events: GroupEvents
  readonly #patience: number
  readonly #now: () => number
  readonly #queue: Job[] = []
  #cache = new LookupCache()
  #dataVersion = 0
  #lockedSince: number | undefined
  #running: Promise<void> | undefined
  #damage: StoreTrouble | undefined
  /** How many of the next groups have savepoints. */
  #careful = 0

  /**
   * @param patience milliseconds that a write waits for a lock held by another program
   * @param now milliseconds of a monotonic clock
   */
  constructor(connection: SqliteConnection, events: GroupEvents, patience = 4000, now = () => performance.now()) {
    this.#connection = connection
    this.#events = events
    this.#patience = patience
    this.#now = now
  }

  /**
   * Runs `work` after earlier writes, within the group's transaction. Resolves with its result once the group is
   * committed. Rejects with what it threw, alone, or with its whole group if the commit fails. It runs once more if
   * another of its group must be undone, or if it is urgent and the disk is full. It waits for a lock for `patience`
   * milliseconds, if that is less than the default.
   */
  write<T>(work: (tx: Transaction) => Promise<T>, isUrgent = false, patience = this.#patience): Promise<T> {
    if (this.#damage !== undefined) return Promise.reject(this.#damage)
    if (this.#queue.length >= mostWaiting) return Promise.reject(this.#refuse(new StoreTrouble('busy', 'unchanged')))
    return new Promise<T>((resolve, reject) => {
      const run: Job['run'] = async (tx) => {
        const result = await work(tx)
        return () => resolve(result)
      }
      // A less patient write counts as queued correspondingly earlier.
      const since = performance.now() - Math.max(0, this.#patience - patience)
      this.#queue.push({ run, reject, isUrgent, since })
      this.#running ??= this.#runGroups()
    })
  }

  /** Resolves when every queued write has been answered. */
  async drain(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #runGroups(): Promise<void> {
    // Waiting for the end of the turn makes a group: then all requests of this turn are in the queue.
    do {
      await nextTurn()
      await this.#runGroup()
    } while (this.#queue.length > 0)
    this.#running = undefined
  }

  async #runGroup(): Promise<void> {
    const done: Done[] = []
    const changes = new Changes()
    const hasSavepoints = this.#careful > 0
    if (hasSavepoints) this.#careful--
    let isOpen = false
    let isCommitting = false
    const began = this.#now()
    try {
      this.#events.beginning()
      for (let member = 0; member < groupLimit && (done.length === 0 || this.#now() - began < share); member++) {
        // The next one waits in the queue until its turn.
        if (!isOpen && !(await this.#begin())) return
        isOpen = true
        const job = this.#queue.shift()
        if (job === undefined) break
        const place = done.length === 0 ? 'first' : hasSavepoints ? 'savepoint' : 'shared'
        const acknowledge = await this.#runMember(job, changes, place)
        if (acknowledge) done.push({ acknowledge, job })
        else isOpen = this.#connection.database.isTransaction
        if (isOpen || done.length === 0) continue
        this.#careful = carefulGroups
        this.#queue.unshift(...done.map((each) => each.job))
        return
      }
      if (done.length > 0) {
        isCommitting = true
        this.#connection.command('COMMIT')
        isCommitting = false
        this.#cache = this.#cache.after(changes)
        this.#events.committed(changes)
      } else if (isOpen) this.#connection.command('ROLLBACK')
    } catch (error) {
      this.#lose(
        done.map(({ job }) => job),
        error,
        isCommitting,
      )
      return
    }
    await this.#acknowledge(done)
  }

  /** Answers them one by one, with turns of others between: each continues at once, and all together take long. */
  async #acknowledge(done: readonly Done[]): Promise<void> {
    let began = this.#now()
    for (const { acknowledge } of done) {
      acknowledge()
      await settle()
      if (this.#now() - began < share) continue
      await nextTurn()
      began = this.#now()
    }
  }

  /**
   * Runs one member. Rejects only if the whole group is lost; the member's own error goes to its caller, and what it
   * wrote is undone: in the `shared` place with all that others wrote before it, and then no transaction is open.
   */
  async #runMember(
    job: Job,
    changes: Changes,
    place: 'first' | 'savepoint' | 'shared',
  ): Promise<(() => void) | undefined> {
    const session = new SqliteSession(this.#connection, changes)
    try {
      if (place === 'first') this.#forgetWhatOthersChanged()
      if (place === 'savepoint') this.#connection.command('SAVEPOINT member')
      const acknowledge = await job.run(openTransaction(session, this.#cache.lookups(changes)))
      if (place === 'savepoint') this.#connection.command('RELEASE member')
      return acknowledge
    } catch (error) {
      if (reasonOf(error) !== undefined) {
        this.#queue.unshift(job)
        throw new LostGroup(error)
      }
      job.reject(error)
      // SQLite may have rolled the whole group back.
      if (!this.#connection.database.isTransaction) throw error
      if (place === 'savepoint') {
        this.#connection.command('ROLLBACK TO member')
        this.#connection.command('RELEASE member')
      } else if (session.hasWritten) this.#connection.command('ROLLBACK')
      return undefined
    } finally {
      session.end()
    }
  }

  /**
   * Begins the transaction. While another program holds the lock it retries, without blocking the event loop; writes
   * that have waited too long are refused. Returns false if nobody waits any more.
   */
  async #begin(): Promise<boolean> {
    for (let wait = 1; this.#queue.length > 0; wait = Math.min(wait * 2, longestPause)) {
      try {
        this.#connection.command('BEGIN IMMEDIATE')
        this.#lockedSince = undefined
        return true
      } catch (error) {
        const reason = reasonOf(error)
        if (reason !== 'locked') {
          if (reason !== undefined) throw error
          for (const { reject } of this.#queue.splice(0)) reject(error)
          return false
        }
        const now = performance.now()
        this.#lockedSince ??= now
        // Writes that arrive when others have waited for long are refused sooner.
        const since = now - (now - this.#lockedSince > this.#patience ? this.#patience / 8 : this.#patience)
        const late = this.#queue.findIndex((job) => job.since > since)
        for (const { reject } of this.#queue.splice(0, late === -1 ? Infinity : late)) {
          reject(this.#refuse(new StoreTrouble(reason, 'unchanged', error)))
        }
        await pause(wait)
      }
    }
    return false
  }

  /**
   * Rejects the members of a lost group, except those that are tried again. It must not throw, because nobody would
   * catch it.
   */
  #lose(lost: readonly Job[], thrown: unknown, isCommitting: boolean): void {
    const [error, jobs] =
      thrown instanceof LostGroup ? [thrown.cause, [...lost, ...this.#queue.splice(0, 1)]] : [thrown, lost]
    let reason = mayBeFull(error) && !this.#events.hasRoom() ? 'storage_full' : reasonOf(error)
    try {
      if (this.#connection.database.isTransaction) this.#connection.command('ROLLBACK')
    } catch {
      reason = 'damaged'
    }
    if (reason === undefined) {
      if (error instanceof StoreTrouble) this.#refuse(error)
      for (const { reject } of jobs) reject(error)
    } else if (reason === 'storage_full') this.#sortOut(jobs, error)
    else {
      const trouble = this.#refuse(new StoreTrouble(reason, isCommitting ? 'open' : 'unchanged', error))
      for (const { reject } of jobs) reject(trouble)
      if (reason === 'damaged') this.#end(error)
      // If it cannot begin, the waiting writes cannot either.
      else if (jobs.length === 0) for (const { reject } of this.#queue.splice(0)) reject(trouble)
    }
  }

  #sortOut(lost: readonly Job[], error: unknown): void {
    // The waiting writes would also meet a full disk.
    const all = [...lost, ...this.#queue.splice(0)]
    const urgent = all.filter((job) => job.isUrgent)
    // If no member was lost, the begin failed, as it would again.
    const others = lost.length === 0 ? [] : urgent.filter((job) => !lost.includes(job))
    const again = new Set(this.#events.full(urgent.length > 0) ? urgent : others)
    const trouble = this.#refuse(new StoreTrouble('storage_full', 'unchanged', error))
    for (const job of all) if (!again.has(job)) job.reject(trouble)
    this.#queue.push(...again)
  }

  #end(error: unknown): void {
    this.#damage = new StoreTrouble('damaged', 'unchanged', error)
    for (const { reject } of this.#queue.splice(0)) reject(this.#damage)
    this.#events.damaged(error)
  }

  #refuse(trouble: StoreTrouble): StoreTrouble {
    this.#events.refused(trouble)
    return trouble
  }

  /** Another program may write to the file, for example a person with the sqlite3 tool. */
  #forgetWhatOthersChanged(): void {
    const dataVersion = this.#connection.dataVersion()
    if (dataVersion !== this.#dataVersion) this.#cache = new LookupCache()
    this.#dataVersion = dataVersion
  }
}

interface Job {
  /** Runs the write, and returns the function that resolves its caller once it is durable. */
  readonly run: (tx: Transaction) => Promise<() => void>
  readonly reject: (error: unknown) => void
  readonly isUrgent: boolean
  /** By the monotonic clock. */
  readonly since: number
}

interface Done {
  readonly acknowledge: () => void
  readonly job: Job
}

/** The write at the head of the queue met a failure that is not its own. */
class LostGroup extends Error {
  constructor(cause: unknown) {
    super('the group is lost', { cause })
  }
}

/** Resolves when the answered callers have run as far as they can without waiting. */
function settle(): Promise<void> {
  return new Promise((resolve) => queueMicrotask(() => process.nextTick(resolve)))
}

// Limits for how long the first of a group waits for the last, and everybody for the group. Milliseconds.
const groupLimit = 256
const share = 10

// A savepoint makes SQLite copy each page that is changed after it, a tenth of the processor time of a mint, and hardly any
// member writes before it fails. So they come without savepoints, and after one that must be undone the next groups have
// them: whoever makes writes fail again and again makes others run at most one time more often in so many groups.
const carefulGroups = 64

// Writes. The connections limit what comes from outside long before.
const mostWaiting = 10_000

// Milliseconds between two tries for a lock.
const longestPause = 50
