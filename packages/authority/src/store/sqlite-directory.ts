// The data directory: its files, their permissions, and the lock that keeps a second server out.
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { StartupError } from '../domain/errors.ts'

export interface DataDirectory {
  /** The path of the database file, which exists. */
  readonly database: string
  /** Whether this process is the only one that works on it. */
  readonly exclusive: boolean
  /** Lets a next server in. */
  unlock(): void
}

/**
 * Makes the directory where it is missing, and locks it for as long as this process lives, however it ends.
 * @throws StartupError `data_directory_in_use` where another server holds it, `database_unreachable` where it cannot
 * be used.
 */
export function lockDataDirectory(directory: string): DataDirectory {
  const database = join(directory, 'hallpass.db')
  const lock = join(directory, 'hallpass.lock')
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    createPrivately(database)
    createPrivately(lock)
  } catch (error) {
    throw unusable(directory, error)
  }
  return { database, exclusive: true, unlock: holdExclusively(lock, directory) }
}

/**
 * The database of a data directory that a server may hold, for a look or a few writes beside it.
 * @throws StartupError `database_unreachable` where there is none
 */
export function findDatabase(directory: string): DataDirectory {
  const database = join(directory, 'hallpass.db')
  if (!existsSync(database)) throw unusable(directory, 'there is no hallpass.db in it')
  return { database, exclusive: false, unlock: () => {} }
}

/** The error for a data directory or database file that SQLite or the file system refuses. */
export function unusable(directory: string, cause: unknown): StartupError {
  if (cause instanceof StartupError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new StartupError('database_unreachable', `The data directory ${directory} cannot be used: ${reason}.`, {
    cause,
  })
}

// SQLite's own file lock on a file of its own: the system lifts it even after kill -9, and the main file stays free for
// backups.
function holdExclusively(path: string, directory: string): () => void {
  let holder: DatabaseSync | undefined
  try {
    holder = new DatabaseSync(path, { timeout: 0 })
    holder.exec('BEGIN EXCLUSIVE')
    const held = holder
    return () => held.close()
  } catch (cause) {
    holder?.close()
    if (!isBusy(cause)) throw unusable(directory, cause)
    throw new StartupError(
      'data_directory_in_use',
      `Another Hallpass server uses the data directory ${directory}. Stop it first, or name another directory.`,
      { cause },
    )
  }
}

// Only ever opened to create it: closing a second handle would lift the locks that this process holds on the file.
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5
}
