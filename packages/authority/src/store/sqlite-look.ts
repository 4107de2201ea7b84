// Examines a SQLite database without changing it, for a startup and for `hallpass doctor`.
import { existsSync, lstatSync, readdirSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'

import { StartupError } from '../domain/errors.ts'
import type { FoundDatabase } from '../domain/store.ts'
import { newestEvent, type Examined, type Look } from './look.ts'
import { reasonOf } from './sqlite-errors.ts'
import { databaseName, expectSoundFiles, findExposure } from './sqlite-files.ts'

/** The facts that a startup needs. */
export function readFound(database: DatabaseSync): Omit<FoundDatabase, 'hadPredecessor'> {
  const rootKeyProof = readSetting(database, 'root_key_proof')
  const holdsAccounts =
    hasTable(database, 'users') && database.prepare('select 1 from users limit 1').get() !== undefined
  return { rootKeyProof, holdsAccounts }
}

function readSetting(database: DatabaseSync, name: string): string | undefined {
  if (!hasTable(database, 'settings')) return undefined
  return database.prepare('select value from settings where name = ?').get(name)?.['value']?.toString()
}

/** The version of its tables; 0 if there are none. */
export function currentVersion(database: DatabaseSync): number {
  if (!hasTable(database, 'migrations')) return 0
  return Number(database.prepare('select max(version) as version from migrations').get()?.['version'] ?? 0)
}

/** SQLite's integrity check of pages, rows and indexes; the first few findings, a line each. */
export function checkIntegrity(database: DatabaseSync): string[] {
  return findingsOf(database, 'integrity_check')
}

/** The first finding of SQLite's quick check: of pages only. Reads all of them, and keeps none in memory. */
export function findDamage(database: DatabaseSync): string | undefined {
  const [finding] = findingsOf(database, 'quick_check')
  database.exec('PRAGMA shrink_memory')
  return finding
}

/**
 * The same, before anything is changed.
 * @throws StartupError `database_damaged`
 */
export function expectWhole(database: DatabaseSync, path: string): void {
  const finding = findDamage(database)
  if (finding === undefined) return
  throw new StartupError(
    'database_damaged',
    `${path} is damaged: ${finding}. Look after the disk, and restore a backup with "hallpass restore". ` +
      '"hallpass doctor" says more. Nothing was changed.',
  )
}

function findingsOf(database: DatabaseSync, check: 'integrity_check' | 'quick_check'): string[] {
  try {
    return database
      .prepare(`PRAGMA ${check}(10)`)
      .all()
      .flatMap((row) => String(row[check]).split('\n'))
      .filter((finding) => finding !== 'ok' && !finding.startsWith('***'))
  } catch (error) {
    // The schema itself is damaged.
    if (error instanceof Error && 'errcode' in error && error.errcode === corrupt) return [error.message]
    throw error
  }
}

/** Examines the data directory and the whole database in it, also beside a server. */
export function examineSqlite(directory: string): Examined {
  const problems = findExposure(directory, 'operator')
  const path = join(directory, databaseName)
  try {
    expectSoundFiles(directory, 'operator')
  } catch (error) {
    const sentence = messageOf(error)
    if (!problems.includes(sentence)) return { look: undefined, problems: [...problems, sentence] }
  }
  if (!existsSync(path)) return { look: undefined, problems: [...problems, `There is no database ${path}.`] }
  problems.push(...findLitter(directory), ...findReaders(path), ...findLackOfRoom(directory, path))
  const { look, faults } = readWhole(path)
  return { look, problems: [...problems, ...faults.map((fault) => `${path} ${fault}`)] }
}

interface Read {
  readonly look: Look | undefined
  /** What is wrong with the file: each a sentence without its subject, the name of the file. */
  readonly faults: readonly string[]
}

function readWhole(path: string): Read {
  const isAlone = !existsSync(`${path}-wal`)
  // Opened as immutable, because then SQLite creates no log. A server that starts meanwhile could be seen half way.
  const touched = Math.max(
    ...[path, `${path}-wal`].map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0),
  )
  const read = readFrom(isAlone ? `${pathToFileURL(path).href}?immutable=1` : path, touched)
  return isAlone && read.faults.length > 0 && existsSync(`${path}-wal`) ? readFrom(path, touched) : read
}

function readFrom(name: string, touched: number): Read {
  let look: Look | undefined
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(name, { readOnly: true, timeout: 10_000 })
    const at = hasTable(database, 'audit_events') ? database.prepare(newestEvent).get()?.['at'] : undefined
    look = {
      ...readFound(database),
      version: currentVersion(database),
      lastEngine: readSetting(database, 'engine_last'),
      newest: Math.max(typeof at === 'number' ? at : 0, touched),
    }
    return { look, faults: checkIntegrity(database).map(damagedBy) }
  } catch (error) {
    const reason = messageOf(error)
    // Another program holds it, or it cannot be opened. A restored backup would lose what is in it.
    return { look, faults: [reasonOf(error) === 'damaged' ? damagedBy(reason) : `cannot be read: ${reason}.`] }
  } finally {
    database?.close()
  }
}

function damagedBy(finding: string): string {
  return `is damaged: ${finding}. Restore a backup with "hallpass restore".`
}

function findLitter(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => /\.[0-9a-f]{12}(\.part)?$/.test(name))
    .map((name) => join(directory, name))
    .filter((path) => Date.now() - (lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > 3_600_000)
    .map((path) => `${path} was left by a program that was killed: remove it.`)
}

function findReaders(path: string): string[] {
  const problems: string[] = []
  const { mode } = statSync(path)
  if ((mode & 0o044) !== 0) {
    problems.push(`${path} can be read by others (mode ${(mode & 0o777).toString(8)}): run "chmod 600 ${path}".`)
  }
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  if (log > mostLog) {
    problems.push(
      `${path}-wal has grown to ${inMebibytes(log)}: a program, as sqlite3 or a backup tool, holds the database open in a ` +
        'transaction. End it.',
    )
  }
  return problems
}

function findLackOfRoom(directory: string, path: string): string[] {
  const { bavail, bsize } = statfsSync(directory)
  const room = bavail * bsize
  if (room >= Math.max(leastRoom, statSync(path).size)) return []
  return [
    `${inMebibytes(room)} are free on the disk of ${directory}: make room. An upgrade may need as much again as the ` +
      'database takes, and a full disk lets nothing be written.',
  ]
}

function hasTable(database: DatabaseSync, name: string): boolean {
  return database.prepare(`select 1 from sqlite_schema where type = 'table' and name = ?`).get(name) !== undefined
}

function inMebibytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

// https://sqlite.org/rescode.html#corrupt
const corrupt = 11
// A server keeps it at 16 MiB; a large transaction may leave more.
const mostLog = 256 * 2 ** 20
const leastRoom = 256 * 2 ** 20
