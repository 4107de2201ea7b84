// The store over one SQLite file: one connection that writes in groups, one that reads snapshots.
import { DatabaseSync } from 'node:sqlite'

import { DomainError, StartupError } from '../domain/errors.ts'
import type { Admit, ReadTransaction, Store, Transaction } from '../domain/store.ts'
import { GroupCommit } from './group-commit.ts'
import { expectCurrent, expectNotNewer, migrate } from './migrate.ts'
import { sqliteWords } from './migration.ts'
import { SnapshotReader } from './snapshot-reader.ts'
import { SqliteConnection } from './sqlite-connection.ts'
import {
  findDatabase,
  lockDataDirectory,
  lookAtDataDirectory,
  unusable,
  type DataDirectory,
} from './sqlite-directory.ts'
import { FilesInPlace } from './sqlite-files.ts'
import { currentVersion, expectWhole, readFound } from './sqlite-look.ts'

export interface SqliteStoreOptions {
  /** The data directory; made where it is missing. */
  readonly directory: string
  /** Asked before anything is made or changed. */
  readonly admit?: Admit
  /** After how many milliseconds what was written is in the database file itself; two minutes where it is absent. */
  readonly checkpointEvery?: number
}

/**
 * Opens the database of a data directory, and brings it up to date.
 * @throws StartupError `data_directory_in_use`, `data_directory_exposed`, `database_missing`, `database_damaged`,
 * `database_newer_than_program`, or `database_unreachable` where the directory or the file in it cannot be used; and
 * what `admit` throws
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { directory, admit, checkpointEvery = 120_000 } = options
  const found = lookAtDataDirectory(directory, 'server')
  if (!found.database) await admit?.({ rootKeyProof: undefined, holdsAccounts: false, hadPredecessor: found.lock })
  const data = lockDataDirectory(directory)
  const opened: DatabaseSync[] = []
  try {
    const writer = new DatabaseSync(data.database, { timeout: busyTimeout })
    opened.push(writer)
    expectWhole(writer, data.database)
    expectNotNewer(currentVersion(writer))
    if (found.database) await admit?.({ ...readFound(writer), hadPredecessor: data.wasUsed })
    await prepareDatabase(writer)
    const reader = new DatabaseSync(data.database, { timeout: busyTimeout })
    opened.push(reader)
    reader.exec(`PRAGMA cache_size = ${cacheSize}; PRAGMA query_only = ON`)
    const store = new SqliteStore(data, new SqliteConnection(writer), new SqliteConnection(reader))
    store.checkpointEvery(checkpointEvery)
    return store
  } catch (error) {
    for (const database of opened) database.close()
    data.unlock()
    throw unusable(directory, error)
  }
}

/**
 * Opens the database of a data directory for the operator, beside a server that may run: locks nothing out, makes
 * nothing and migrates nothing. The server sees what is written here at its next write, and within a second in reads.
 * @throws StartupError `database_unreachable`, or `database_outdated` and `database_newer_than_program` where the
 * database is not at this program's version
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
  readonly #data: DataDirectory
  readonly #reader: SqliteConnection
  readonly #writer: SqliteConnection
  readonly #reads: SnapshotReader
  readonly #writes: GroupCommit
  readonly #files: FilesInPlace
  #used: boolean
  #checkpoints: NodeJS.Timeout | undefined
  #isLogged = true
  #closing: Promise<void> | undefined

  constructor(data: DataDirectory, writer: SqliteConnection, reader: SqliteConnection) {
    this.#data = data
    this.#writer = writer
    this.#reader = reader
    this.#reads = new SnapshotReader(reader)
    const { database, lock } = data
    this.#files = new FilesInPlace([
      database,
      `${database}-wal`,
      `${database}-shm`,
      ...(lock === undefined ? [] : [lock]),
    ])
    this.#used = data.wasUsed
    this.#writes = new GroupCommit(writer, {
      beginning: () => this.#reads.rest(),
      committed: (changes) => {
        this.#reads.outdate(changes)
        // Before anyone is told that it is kept.
        this.#expectFilesInPlace()
        this.#isLogged = true
        this.#noteUse()
      },
    })
  }

  /**
   * Brings what was written from the log into the database file, every so many milliseconds and more often in the
   * beginning, for whoever copies that alone. What stands in the way of it is told by the next write.
   */
  checkpointEvery(interval: number): void {
    let wait = soon
    const checkpoint = (): void => {
      const isFree = !this.#writer.database.isTransaction
      this.#checkpoints = setTimeout(checkpoint, Math.min(interval, isFree ? wait : shortly)).unref()
      if (!isFree) return
      wait = Math.min(interval, wait * 2)
      if (!this.#isLogged) return
      this.#isLogged = false
      try {
        this.#writer.command('PRAGMA wal_checkpoint(PASSIVE)')
      } catch {
        this.#isLogged = true
      }
    }
    checkpoint()
  }

  async read<T>(work: (tx: ReadTransaction) => Promise<T>): Promise<T> {
    this.#refuseWhenClosed()
    return this.#reads.read(work)
  }

  async write<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    this.#refuseWhenClosed()
    return this.#writes.write(work)
  }

  async ping(): Promise<void> {
    this.#refuseWhenClosed()
    this.#expectFilesInPlace()
    this.#reader.command('SELECT count(*) FROM migrations')
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearTimeout(this.#checkpoints)
    await this.#writes.drain()
    await this.#reads.drain()
    this.#reader.database.close()
    try {
      // Beside a server, which reads all the time, it would hold up the server's writes.
      if (this.#data.lock !== undefined) this.#writer.command('PRAGMA wal_checkpoint(TRUNCATE)')
    } finally {
      this.#writer.database.close()
      this.#data.unlock()
    }
  }

  /** Once. Where the disk is full, with a later commit: what is committed stands. */
  #noteUse(): void {
    if (this.#used) return
    try {
      this.#data.markUsed()
      this.#used = true
    } catch {
      this.#used = false
    }
  }

  /** A file without a name keeps nothing: what is written to it is gone with the process. */
  #expectFilesInPlace(): void {
    const missing = this.#files.missing()
    if (missing === undefined) return
    throw new DomainError('unavailable', 'a file of the database is gone or was replaced: nothing can be kept', {
      retryAfter: 5,
      cause: new Error(`${missing} was removed, moved or replaced while the server runs`),
    })
  }

  #refuseWhenClosed(): void {
    if (this.#closing) throw new Error('The store is closed.')
  }
}

async function prepareDatabase(database: DatabaseSync): Promise<void> {
  // The version is read before anything is set, so that a newer database stays as it is.
  database.exec(`PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA cache_size = ${cacheSize};
    PRAGMA wal_autocheckpoint = ${checkpointPages}`)
  await migrate(
    {
      words: sqliteWords,
      currentVersion: async () => currentVersion(database),
      execute: async (sql) => database.exec(sql),
      exclusively: async (work) => {
        useWriteAheadLog(database)
        database.exec('BEGIN IMMEDIATE')
        // A migration may change a table's definition in place.
        database.enableDefensive(false)
        try {
          await work()
          database.exec('COMMIT')
        } catch (error) {
          if (database.isTransaction) database.exec('ROLLBACK')
          throw error
        } finally {
          database.enableDefensive(true)
        }
      },
    },
    Date.now(),
  )
  useWriteAheadLog(database)
}

function useWriteAheadLog(database: DatabaseSync): void {
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode']
  if (mode === 'wal') return
  throw new StartupError(
    'database_unreachable',
    'The data directory is on a file system that SQLite cannot use a WAL on.',
  )
}

// How long a write waits for a tool that holds the file, as `sqlite3` in a transaction: the event loop waits with it.
const busyTimeout = 2000

// Until the first checkpoint: a young authority is nearly all in the log.
const soon = 5000

// Until the next try, where a write is under way.
const shortly = 50

// In KiB where negative; for each of the two connections.
const cacheSize = -16_000

// Four times what SQLite would take: the same few pages are written again and again, and copying them back more rarely
// takes the slowest writes from 6 ms to 1.5 ms. The log stays at about 16 MiB.
const checkpointPages = 4000
