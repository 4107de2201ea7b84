// The data directory: its files, their permissions, and the lock that allows only one server.
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { refusalOf, StartupError } from '../domain/errors.ts'
import { databaseName, expectSoundFiles, lockName, type Onlooker } from './sqlite-files.ts'

export interface DataDirectory {
  /** The path of the database file, which exists. */
  readonly database: string
  /** The lock file of this server; undefined if opened beside a server. */
  readonly lock: string | undefined
  /** Whether a database was in use here before, whatever is here now. */
  readonly wasUsed: boolean
  /** Durably records that the database is in use; throws if the disk takes nothing. */
  markUsed(): void
  /** Releases the lock. */
  unlock(): void
}

/** The lock of a data directory, and what was made for it. */
export interface HeldDirectory extends Pick<DataDirectory, 'wasUsed' | 'markUsed' | 'unlock'> {
  /** Removes the lock file and the directories that were made for it, if nothing else is in them. Before `unlock`. */
  undo(): void
}

/** What exists before anything is made: the database, and the lock of an earlier server. */
export interface FoundFiles {
  readonly database: boolean
  readonly lock: boolean
}

/**
 * Examines a data directory, which may be missing.
 * @throws StartupError as {@link expectSoundFiles}, and `database_unreachable`
 */
export function lookAtDataDirectory(directory: string, onlooker: Onlooker): FoundFiles {
  try {
    expectSoundFiles(directory, onlooker)
    return { database: existsSync(join(directory, databaseName)), lock: existsSync(join(directory, lockName)) }
  } catch (error) {
    throw unusable(directory, error)
  }
}

/**
 * Makes the directory and an empty database if they are missing, and locks the directory for the lifetime of this
 * process, however it ends.
 * @throws StartupError `data_directory_in_use` if another server holds it, `database_unreachable` if it cannot be used
 */
export function lockDataDirectory(directory: string): DataDirectory {
  const database = join(directory, databaseName)
  try {
    makeDirectory(directory)
    createPrivately(database)
  } catch (error) {
    throw unusable(directory, error)
  }
  return { database, lock: join(directory, lockName), ...holdDataDirectory(directory) }
}

/**
 * Takes only the lock, for putting a database into the directory.
 * @throws StartupError as {@link lockDataDirectory}
 */
export function holdDataDirectory(directory: string): HeldDirectory {
  const lock = join(directory, lockName)
  const made: string[] = []
  let hasMadeLock: boolean
  try {
    made.push(...makeDirectory(directory))
    hasMadeLock = createPrivately(lock)
  } catch (error) {
    throw unusable(directory, error)
  }
  return {
    ...holdExclusively(lock, directory),
    undo() {
      if (hasMadeLock) for (const end of ['', '-journal']) rmSync(`${lock}${end}`, { force: true })
      for (const each of made.toReversed()) if (readdirSync(each).length === 0) rmdirSync(each)
    },
  }
}

/**
 * Makes the directory, and those that it is in, where they are missing.
 * @throws StartupError `database_unreachable`
 */
export function makeDataDirectory(directory: string): void {
  try {
    makeDirectory(directory)
  } catch (error) {
    throw unusable(directory, error)
  }
}

/**
 * One by one: the recursive mkdir of Node.js never ends where a file system takes no directories and says ENOENT, as /proc.
 * Returns what was made, the outermost first.
 */
function makeDirectory(directory: string): readonly string[] {
  // Checked before its parent, which a confined program may not read.
  if (isDirectory(directory)) return []
  const parent = dirname(directory)
  const made = existsSync(parent) ? [] : makeDirectory(parent)
  try {
    mkdirSync(directory, { mode: 0o700 })
    return [...made, directory]
  } catch (error) {
    if (isDirectory(directory)) return made
    const isRefused = Reflect.get(Object(error), 'code') === 'ENOENT'
    throw isRefused ? new Error(`no directory can be made in ${parent}`, { cause: error }) : error
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/**
 * The database of a data directory that a server may use, for reading or a few writes beside it.
 * @throws StartupError `database_unreachable` if there is none
 */
export function findDatabase(directory: string): DataDirectory {
  const database = join(directory, databaseName)
  if (!lookAtDataDirectory(directory, 'operator').database) throw unusable(directory, 'there is no hallpass.db in it')
  return { database, lock: undefined, wasUsed: true, markUsed: () => {}, unlock: () => {} }
}

/** The error for a data directory or database file that SQLite or the file system refuses. */
export function unusable(directory: string, cause: unknown): StartupError {
  if (cause instanceof StartupError) return cause
  const reason = refusalOf(cause, directory)
  return new StartupError('database_unreachable', `The data directory ${directory} cannot be used: ${reason}.`, {
    cause,
  })
}

// Uses SQLite's own lock on a separate file: the system releases it even after kill -9, and the main file stays free
// for backups.
function holdExclusively(path: string, directory: string): Pick<DataDirectory, 'wasUsed' | 'markUsed' | 'unlock'> {
  let holder: DatabaseSync | undefined
  try {
    holder = new DatabaseSync(path, { timeout: 0 })
    // In this mode the lock survives a commit.
    holder.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    const held = holder
    return {
      wasUsed: Number(held.prepare('PRAGMA user_version').get()?.['user_version']) > 0,
      markUsed: () => held.exec('PRAGMA user_version = 1; COMMIT; BEGIN EXCLUSIVE'),
      unlock: () => held.close(),
    }
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

// Opened only to create it: closing a second handle would release this process's locks on the file. Returns whether it
// was missing.
function createPrivately(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx', 0o600))
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    return false
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5
}
