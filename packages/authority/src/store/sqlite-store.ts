// The store over one SQLite file: one connection that writes in groups, one that reads snapshots.
import { DatabaseSync } from 'node:sqlite'

import { StartupError } from '../domain/errors.ts'
import type { ReadTransaction, Store, Transaction } from '../domain/store.ts'
import { GroupCommit } from './group-commit.ts'
import { expectCurrent, migrate } from './migrate.ts'
import { sqliteWords } from './migration.ts'
import { SnapshotReader } from './snapshot-reader.ts'
import { SqliteConnection } from './sqlite-connection.ts'
import { findDatabase, lockDataDirectory, unusable, type DataDirectory } from './sqlite-directory.ts'

export interface SqliteStoreOptions {
  /** The data directory; made where it is missing. */
  readonly directory: string
}

/**
 * Opens the database of a data directory, and brings it up to date.
 * @throws StartupError `data_directory_in_use`, `database_newer_than_program`, or `database_unreachable` where the
 * directory or the file in it cannot be used.
 */
export async function openSqliteStore({ directory }: SqliteStoreOptions): Promise<Store> {
  const data = lockDataDirectory(directory)
  const opened: DatabaseSync[] = []
  try {
    const writer = new DatabaseSync(data.database, { timeout: busyTimeout })
    opened.push(writer)
    await prepareDatabase(writer)
    const reader = new DatabaseSync(data.database, { timeout: busyTimeout })
    opened.push(reader)
    reader.exec(`PRAGMA cache_size = ${cacheSize}; PRAGMA query_only = ON`)
    return new SqliteStore(data, new SqliteConnection(writer), new SqliteConnection(reader))
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
  #closing: Promise<void> | undefined

  constructor(data: DataDirectory, writer: SqliteConnection, reader: SqliteConnection) {
    this.#data = data
    this.#writer = writer
    this.#reader = reader
    this.#reads = new SnapshotReader(reader)
    this.#writes = new GroupCommit(writer, {
      beginning: () => this.#reads.rest(),
      committed: (changes) => this.#reads.outdate(changes),
    })
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
    this.#reader.command('SELECT count(*) FROM migrations')
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#writes.drain()
    await this.#reads.drain()
    this.#reader.database.close()
    try {
      // Beside a server, which reads all the time, it would hold up the server's writes.
      if (this.#data.exclusive) this.#writer.command('PRAGMA wal_checkpoint(TRUNCATE)')
    } finally {
      this.#writer.database.close()
      this.#data.unlock()
    }
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
        try {
          await work()
          database.exec('COMMIT')
        } catch (error) {
          if (database.isTransaction) database.exec('ROLLBACK')
          throw error
        }
      },
    },
    Date.now(),
  )
  useWriteAheadLog(database)
}

function currentVersion(database: DatabaseSync): number {
  const table = database.prepare(`select 1 from sqlite_schema where type = 'table' and name = 'migrations'`).get()
  if (table === undefined) return 0
  return Number(database.prepare('select max(version) as version from migrations').get()?.['version'] ?? 0)
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

// In KiB where negative; for each of the two connections.
const cacheSize = -16_000

// Four times what SQLite would take: the same few pages are written again and again, and copying them back more rarely
// takes the slowest writes from 6 ms to 1.5 ms. The log stays at about 16 MiB.
const checkpointPages = 4000
