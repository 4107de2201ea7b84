// The files of a data directory in the file system: who can change them, and whether they are still the same.
import {
  chownSync,
  existsSync,
  lstatSync,
  openSync,
  readSync,
  closeSync,
  realpathSync,
  statSync,
  type BigIntStats,
  type Stats,
} from 'node:fs'
import { join } from 'node:path'

import { refusalOf, StartupError } from '../domain/errors.ts'

export const databaseName = 'hallpass.db'
export const lockName = 'hallpass.lock'
const fileNames = [databaseName, `${databaseName}-wal`, `${databaseName}-shm`, lockName] as const

/**
 * Who checks the files: a server, which must own them, or an operator, who may be root beside another user's server.
 */
export type Onlooker = 'server' | 'operator'

/**
 * Problems of a data directory or its files, each a sentence that says how to fix it.
 * @throws StartupError `database_unreachable` if it is not a directory
 */
export function findExposure(directory: string, onlooker: Onlooker): string[] {
  const place = lookAtPlace(directory)
  if (place === undefined) return []
  if (place.isSymbolicLink()) {
    const target = realpathOf(directory)
    return [
      `${directory} is a symbolic link, which can be pointed elsewhere` +
        (target === undefined
          ? ', and leads nowhere: name the directory itself.'
          : `: name the directory itself, ${target}.`),
    ]
  }
  const us = process.getuid?.()
  const owner = onlooker === 'operator' && us === 0 ? place.uid : us
  const sentences = exposureOf(directory, place, { remedy: 'chmod 700', groupIsOurs: isOfGroup(place), owner })
  for (const name of fileNames) {
    const path = join(directory, name)
    const file = lstatSync(path, { throwIfNoEntry: false })
    if (file === undefined) continue
    if (file.isSymbolicLink()) sentences.push(`${path} is a symbolic link: put the file itself in its place.`)
    else if (!file.isFile()) sentences.push(`${path} is not a file: move it away.`)
    else sentences.push(...exposureOf(path, file, { remedy: 'chmod 600', groupIsOurs: isOfGroup(place), owner }))
  }
  return sentences
}

function lookAtPlace(directory: string): Stats | undefined {
  try {
    const place = lstatSync(directory, { throwIfNoEntry: false })
    if (place === undefined || place.isDirectory() || place.isSymbolicLink()) return place
  } catch (cause) {
    if (Reflect.get(Object(cause), 'code') !== 'ENOTDIR') throw cause
  }
  throw new StartupError('database_unreachable', `${directory} is not a directory, or a part of its path is a file.`)
}

/**
 * Refuses a directory that others can change, and a log that does not belong to the database.
 * @throws StartupError `data_directory_exposed`, `database_missing` or `database_unreachable`
 */
export function expectSoundFiles(directory: string, onlooker: Onlooker): void {
  const [exposure] = findExposure(directory, onlooker)
  if (exposure !== undefined) throw new StartupError('data_directory_exposed', exposure)
  const database = join(directory, databaseName)
  const log = `${database}-wal`
  const logSize = statSync(log, { throwIfNoEntry: false })?.size ?? 0
  if (logSize === 0) return
  // SQLite would delete the log in the one case, and replay it into the database in the other.
  if ((statSync(database, { throwIfNoEntry: false })?.size ?? 0) === 0) {
    throw new StartupError(
      'database_missing',
      `${log} is there, and ${database} is missing or empty: put back the one that belongs to it, or restore a backup ` +
        'with "hallpass restore". Nothing was changed.',
    )
  }
  if (!hasLog(database)) {
    throw new StartupError(
      'database_unreachable',
      `${log} does not belong to ${database}, which is a copy that was put there without "hallpass restore": move ` +
        'the -wal and -shm files away. Nothing was changed.',
    )
  }
}

/** Notices files of a data directory that are removed, moved or replaced while they are in use. */
export class FilesInPlace {
  readonly #known = new Map<string, string>()
  readonly #directory: string
  readonly #now: () => number
  /** The directory when its files were in place, if any later change of its entries shows in it. */
  #settled: BigIntStats | undefined
  #settledAt = 0

  /**
   * Construct it when the files are open.
   * @param isLocked whether the lock file is among them
   * @param now milliseconds of the clock of the file system
   */
  constructor(directory: string, isLocked: boolean, now = Date.now) {
    this.#directory = directory
    this.#now = now
    for (const name of fileNames) {
      if (name === lockName && !isLocked) continue
      const path = join(directory, name)
      this.#known.set(path, identityOf(path))
    }
  }

  /**
   * The problem of the first file that is missing, replaced, or cannot be checked. `quickly`: looks only at the directory,
   * for a second, if nothing was added to it, removed or renamed in it since the last time. What is mounted over a file does not
   * show there.
   */
  findTrouble(how?: 'quickly'): string | undefined {
    // Before the files, so that a change in between is seen the next time.
    const now = this.#now()
    const state = this.#stateOfDirectory(now)
    const isSettled =
      state !== undefined && areSame(state, this.#settled) && Math.abs(now - this.#settledAt) < longestTrust
    if (how === 'quickly' && isSettled) return undefined
    this.#settled = undefined
    for (const [path, identity] of this.#known) {
      try {
        if (identityOf(path) !== identity) return `${path} was removed, moved or replaced while the server runs`
      } catch (error) {
        return `${path} cannot be looked at: ${refusalOf(error)}`
      }
    }
    this.#settled = state
    this.#settledAt = now
    return undefined
  }

  /** Undefined if it cannot be looked at, or changed so recently that the next change may have the same time. */
  #stateOfDirectory(now: number): BigIntStats | undefined {
    try {
      const found = statSync(this.#directory, { bigint: true })
      return now - Number(found.ctimeMs) < coarsestTime ? undefined : found
    } catch {
      return undefined
    }
  }
}

/** Milliseconds for which a look at the directory is enough. */
const longestTrust = 1000

// Milliseconds: FAT counts in two seconds, others in the ticks of the system's clock.
const coarsestTime = 3000

function areSame(one: BigIntStats, other: BigIntStats | undefined): boolean {
  return one.ctimeNs === other?.ctimeNs && one.ino === other.ino && one.dev === other.dev
}

function identityOf(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? '' : `${found.dev}:${found.ino}`
}

interface Expected {
  readonly remedy: string
  readonly groupIsOurs: boolean
  /** Undefined if the system has no owners. */
  readonly owner: number | undefined
}

function exposureOf(path: string, { mode, uid }: Stats, { remedy, groupIsOurs, owner }: Expected): string[] {
  const sentences: string[] = []
  if ((mode & (groupIsOurs ? 0o002 : 0o022)) !== 0) {
    const octal = (mode & 0o777).toString(8)
    sentences.push(`${path} can be changed by others (mode ${octal}): run "${remedy} ${path}".`)
  }
  if (owner !== undefined && uid !== owner && uid !== 0) {
    sentences.push(`${path} belongs to another user (${uid}): run "chown ${owner} ${path}".`)
  }
  return sentences
}

/** Gives files that root made in a data directory to the owner of the directory, whose server must use them. */
export function handOver(directory: string, names: readonly string[]): void {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = statSync(directory)
  for (const name of names) chownSync(join(directory, name), uid, gid)
}

// Kubernetes volumes with an fsGroup belong to a group of the program, and have the setgid bit.
function isOfGroup({ mode, gid }: Stats): boolean {
  return (mode & 0o2000) !== 0 && (process.getgroups?.() ?? []).includes(gid)
}

/** Whether the header says that the file has a log: SQLite's file format, section 1.3.3. */
function hasLog(database: string): boolean {
  const file = openSync(database, 'r')
  try {
    const versions = Buffer.alloc(2)
    readSync(file, versions, 0, 2, 18)
    return versions[1] !== 1
  } finally {
    closeSync(file)
  }
}

function realpathOf(path: string): string | undefined {
  return existsSync(path) ? realpathSync(path) : undefined
}
