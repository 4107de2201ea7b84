// The store on one SQLite file: one connection writes in groups, one reads snapshots.
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'

import { StartupError } from '../domain/errors.ts'
import type { Admit, ReadTransaction, Store, Transaction, Trouble, WriteOptions } from '../domain/store.ts'
import { Condition, type ReportCondition } from './condition.ts'
import { GroupCommit } from './group-commit.ts'
import { Heartbeat } from './heartbeat.ts'
import { expectCurrent, expectNotNewer, type Progress } from './migrate.ts'
import { SnapshotReader } from './snapshot-reader.ts'
import { SqliteConnection } from './sqlite-connection.ts'
import {
  findDatabase,
  lockDataDirectory,
  lookAtDataDirectory,
  unusable,
  type DataDirectory,
} from './sqlite-directory.ts'
import { mayBeFull, reasonOf } from './sqlite-errors.ts'
import { FilesInPlace } from './sqlite-files.ts'
import { beginCheck, type Check } from './sqlite-check.ts'
import { currentVersion, readFound } from './sqlite-look.ts'
import { migrateSqlite } from './sqlite-migration.ts'
import { giveUpReserve, Reserve } from './sqlite-reserve.ts'
import { StoreTrouble, type Outcome } from './trouble.ts'

export interface SqliteStoreOptions {
  /** The data directory; made if it is missing. */
  readonly directory: string
  /** Called before anything is made or changed. */
  readonly admit?: Admit
  /** Called with the progress of a migration. */
  readonly progress?: Progress
  /** Milliseconds until everything written is in the database file itself; two minutes by default. */
  readonly checkpointEvery?: number
  /** Called when the condition of the database changes. */
  readonly report?: ReportCondition
  /** Called with a sentence about something wrong that does not stop the server. */
  readonly warn?: (sentence: string) => void
}

/**
 * Opens the database of a data directory, and migrates it.
 * @throws StartupError `data_directory_in_use`, `data_directory_exposed`, `database_missing`, `database_damaged`,
 * `database_newer_than_program`, or `database_unreachable` if the directory or the file cannot be used; and what
 * `admit` throws
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { directory, admit, checkpointEvery = 120_000, report = () => {}, warn = () => {} } = options
  const found = lookAtDataDirectory(directory, 'server')
  if (!found.database) await admit?.({ rootKeyProof: undefined, holdsAccounts: false, hadPredecessor: found.lock })
  const data = lockDataDirectory(directory)
  const opened: DatabaseSync[] = []
  try {
    const writer = new DatabaseSync(data.database, { timeout: busyTimeout })
    opened.push(writer)
    const checkLater = beginCheck(writer, data.database)
    expectNotNewer(currentVersion(writer))
    if (found.database) await admit?.({ ...readFound(writer), hadPredecessor: data.wasUsed })
    writer.exec(`PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA cache_size = ${cacheSize}`)
    await migrateSqlite(writer, options.progress)
    const reader = new DatabaseSync(data.database, { timeout: busyTimeout })
    opened.push(reader)
    reader.exec(`PRAGMA cache_size = ${cacheSize}; PRAGMA query_only = ON`)
    const store = new SqliteStore(data, new SqliteConnection(writer), new SqliteConnection(reader), {
      report,
      warn,
    })
    // Until here nobody was served. From now on, waiting for a lock would block everybody.
    for (const database of opened) database.exec('PRAGMA busy_timeout = 0')
    store.checkpointEvery(checkpointEvery)
    store.check(checkLater, warn)
    await store.keepReserve()
    return store
  } catch (error) {
    for (const database of opened) database.close()
    data.unlock()
    // Opening it needs some room.
    if (reasonOf(error) === 'storage_full' && giveUpReserve(reserveOf(data))) return openSqliteStore(options)
    throw unusable(directory, error)
  }
}

/**
 * Opens the database of a data directory for the operator, beside a server that may run: takes no lock, makes nothing
 * and migrates nothing. The server sees writes from here at its next write, and within a second in reads.
 * @throws StartupError `database_unreachable`, or `database_outdated` and `database_newer_than_program` if the database
 * is not at this program's version
 */
export async function openSqliteStoreBeside({ directory }: SqliteStoreOptions): Promise<Store> {
  const data = findDatabase(directory)
  const opened: DatabaseSync[] = []
  try {
    const writer = new DatabaseSync(data.database, { timeout: busyTimeout })
    opened.push(writer)
    expectCurrent(currentVersion(writer))
    writer.exec('PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL')
    const reader = new DatabaseSync(data.database, { timeout: busyTimeout })
    opened.push(reader)
    reader.exec('PRAGMA query_only = ON')
    return new SqliteStore(data, new SqliteConnection(writer), new SqliteConnection(reader))
  } catch (error) {
    for (const database of opened) database.close()
    throw unusable(directory, error)
  }
}

class SqliteStore implements Store {
  readonly isRemote = false
  readonly failed: Promise<StartupError>
  readonly #data: DataDirectory
  readonly #reader: SqliteConnection
  readonly #writer: SqliteConnection
  readonly #reads: SnapshotReader
  readonly #writes: GroupCommit
  readonly #files: FilesInPlace
  readonly #reserve: Reserve
  readonly #condition: Condition
  readonly #heartbeat: Heartbeat
  readonly #fail: (error: StartupError) => void
  #damage: StoreTrouble | undefined
  #used: boolean
  #checkpoints: NodeJS.Timeout | undefined
  #check: Check | undefined
  #isLogged = true
  #closing: Promise<void> | undefined

  constructor(
    data: DataDirectory,
    writer: SqliteConnection,
    reader: SqliteConnection,
    { report, warn }: Required<Pick<SqliteStoreOptions, 'report' | 'warn'>> = { report: () => {}, warn: () => {} },
  ) {
    this.#data = data
    this.#writer = writer
    this.#reader = reader
    const { promise, resolve } = Promise.withResolvers<StartupError>()
    this.failed = promise
    this.#fail = resolve
    this.#condition = new Condition(report)
    this.#reserve = new Reserve(reserveOf(data), () => this.#condition.note('writes', undefined), warn)
    this.#heartbeat = new Heartbeat(
      () => this.#writes.write((tx) => tx.settings.set('heartbeat', String(Date.now()))),
      () => performance.now(),
    )
    this.#reads = new SnapshotReader(reader, writer, (error) => this.#end(error))
    this.#files = new FilesInPlace(dirname(data.database), data.lock !== undefined)
    this.#used = data.wasUsed
    this.#writes = new GroupCommit(writer, {
      beginning: () => this.#reads.rest(),
      committed: (changes) => {
        this.#reads.outdate(changes)
        // Before anybody learns that it is durable.
        this.#expectFilesInPlace('quickly')
        this.#isLogged = true
        this.#noteUse()
        if (this.#reserve.isShort) this.#startLogOver()
        else this.#condition.note('writes', undefined)
      },
      hasRoom: () => this.#hasRoom(),
      full: (isUrgent) => {
        this.#reserve.noteFull()
        this.#startLogOver()
        return isUrgent && this.#reserve.giveUp()
      },
      damaged: (error) => this.#end(error),
      refused: (trouble) => this.#condition.note('writes', trouble),
    })
  }

  /** Whatever is found ends the store. */
  check(begin: ReturnType<typeof beginCheck>, warn: (sentence: string) => void): void {
    this.#check = begin({
      damaged: (error) => this.#end(error),
      failed: (error) =>
        warn(
          `${this.#data.database} could not be checked for damage (${reasonOf(error) ?? String(error)}): ` +
            '"hallpass doctor" checks it, beside this server too.',
        ),
    })
  }

  /** Not beside a server, which keeps it itself. */
  async keepReserve(): Promise<void> {
    await this.#reserve.keep()
    if (this.#reserve.isShort) this.#condition.note('writes', new StoreTrouble('storage_full', 'unchanged'))
  }

  /**
   * Checkpoints the log into the database file at this interval, and more often in the beginning, for people who copy
   * only that file.
   */
  checkpointEvery(interval: number): void {
    let wait = soon
    const checkpoint = (): void => {
      const isFree = !this.#writer.database.isTransaction
      this.#checkpoints = setTimeout(checkpoint, Math.min(interval, isFree ? wait : shortly)).unref()
      if (!isFree) return
      wait = Math.min(interval, wait * 2)
      if (!this.#isLogged) return
      this.#isLogged = !this.#startLogOver()
    }
    checkpoint()
  }

  async read<T>(work: (tx: ReadTransaction) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      this.#refuseWhenClosed()
      try {
        const renewal = this.#reads.ready()
        if (renewal !== undefined) await renewal
        const tx = this.#reads.enter()
        try {
          const result = await work(tx)
          this.#condition.note('reads', undefined)
          return result
        } finally {
          this.#reads.leave()
        }
      } catch (error) {
        this.#refuseRead(error, attempt)
      }
      await pause(2 ** attempt)
    }
  }

  /** Throws the trouble, unless another attempt may succeed. */
  #refuseRead(error: unknown, attempt: number): void {
    const trouble = this.#troubleOf(error, 'read')
    if (trouble === undefined) throw error
    if (trouble.reason === 'locked' && attempt < readAttempts) return
    // Damage is reported already.
    if (this.#damage === undefined) this.#condition.note('reads', trouble)
    throw trouble
  }

  async write<T>(
    work: (tx: Transaction) => Promise<T>,
    { isUrgent = false, isStep = false, patience }: WriteOptions = {},
  ): Promise<T> {
    this.#refuseWhenClosed()
    if (this.#reserve.isShort && !isUrgent) throw new StoreTrouble('storage_full', 'unchanged')
    const result = await this.#writes.write(work, isUrgent, patience)
    // If another group is in progress, the next step does it for both.
    if (isStep && !this.#writer.database.isTransaction) this.#startLogOver()
    return result
  }

  async health(): Promise<Trouble | undefined> {
    try {
      this.#refuseWhenClosed()
      this.#expectFilesInPlace()
      this.#reader.command('SELECT count(*) FROM migrations')
    } catch (error) {
      const trouble = this.#troubleOf(error, 'read')
      if (trouble === undefined) throw error
      return trouble
    }
    if (this.#reserve.isShort) return new StoreTrouble('storage_full', 'read')
    return this.#heartbeat.check()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearTimeout(this.#checkpoints)
    await this.#check?.stop()
    await this.#writes.drain()
    await this.#reads.drain()
    try {
      this.#reader.database.close()
      // Beside a server, which reads all the time, it would block the server's writes.
      if (this.#data.lock !== undefined) {
        this.#writer.database.exec(`PRAGMA busy_timeout = ${busyTimeout}; PRAGMA wal_checkpoint(TRUNCATE)`)
      }
    } catch {
      // What is committed is in the log.
    } finally {
      this.#writer.database.close()
      // The log was large, and is gone.
      await this.#reserve.close()
      this.#data.unlock()
    }
  }

  /** Once. If the disk is full, with a later commit: what is committed stays. */
  #noteUse(): void {
    if (this.#used) return
    try {
      this.#data.markUsed()
      this.#used = true
    } catch {
      this.#used = false
    }
  }

  /** A deleted file keeps nothing: its content ends with the process. */
  #expectFilesInPlace(how?: 'quickly'): void {
    const trouble = this.#files.findTrouble(how)
    if (trouble !== undefined) throw new StoreTrouble('files_missing', 'unchanged', new Error(trouble))
  }

  /** Checkpoints the log, so that the next write has its room and the log does not grow. Returns whether it could. */
  #startLogOver(): boolean {
    try {
      this.#writer.command('PRAGMA wal_checkpoint(PASSIVE)')
      return true
    } catch (error) {
      // Commits never report it, and the log would grow until the disk is full. Without room the next write does.
      if (reasonOf(error) === 'damaged' && !(mayBeFull(error) && !this.#hasRoom())) this.#end(error)
      return false
    }
  }

  #hasRoom(): boolean {
    const { database } = this.#data
    return this.#reserve.hasRoomBehind([database, `${database}-wal`])
  }

  #troubleOf(error: unknown, outcome: Outcome): StoreTrouble | undefined {
    if (error instanceof StoreTrouble) return error
    const reason = reasonOf(error)
    if (reason === undefined) return undefined
    if (reason === 'damaged') this.#end(error)
    return new StoreTrouble(reason, outcome, error)
  }

  /** A disk that returned wrong data once may do so again, so everything stops until somebody has checked it. */
  #end(error: unknown): void {
    if (this.#damage !== undefined) return
    this.#damage = new StoreTrouble('damaged', 'unchanged', error)
    this.#condition.note('writes', this.#damage)
    const words = error instanceof Error ? error.message : String(error)
    this.#fail(
      new StartupError(
        'database_damaged',
        `${this.#data.database} or its log cannot be read or written any more (${words}). The server stops, so that ` +
          'nothing wrong is said or kept. Look after the disk; "hallpass doctor" says more.',
        { cause: error },
      ),
    )
  }

  #refuseWhenClosed(): void {
    if (this.#closing) throw new StoreTrouble('closed', 'unchanged')
    if (this.#damage !== undefined) throw this.#damage
  }
}

function reserveOf({ database }: DataDirectory): string {
  return `${database}.reserve`
}

// Milliseconds that a startup and an operator wait for a tool that holds the file, for example `sqlite3` in a
// transaction.
const busyTimeout = 2000

// Another program blocks readers only for moments, for example when it first opens the file.
const readAttempts = 8

// Until the first checkpoint, because a new database is almost entirely in the log.
const soon = 5000

// Until the next try, if a write is in progress.
const shortly = 50

// In KiB if negative; for each of the two connections.
const cacheSize = -16_000
