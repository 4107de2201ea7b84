// Copies database files while a server writes to them, checks them, and puts them in place, so that a crash at any
// moment leaves either nothing or everything.
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  existsSync,
  linkSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'

import { refusalOf, StartupError } from '../domain/errors.ts'
import { newestVersion } from './migrate.ts'
import { flushDirectory } from './sqlite-flush.ts'
import { checkIntegrity } from './sqlite-look.ts'

/** Facts about the content of a database. */
export interface DatabaseFacts {
  readonly version: number
  readonly rootKeyProof: string | undefined
  readonly accounts: number
  readonly organisations: number
  readonly tokens: number
}

/**
 * Copies the database at `source` with its log into a new file beside `target`, the draft, checks it, and renames it to
 * `target` once `accept` has returned. Beside a server it copies the state of one moment, and blocks nobody.
 * @throws StartupError `file_exists` if there is a `target`, `database_damaged` if the copy is damaged, and what
 * `accept` throws
 */
export async function copyDatabase(
  source: string,
  target: string,
  accept: (facts: DatabaseFacts, draft: string) => void | Promise<void>,
): Promise<DatabaseFacts> {
  const draft = `${target}.${randomBytes(draftBytes).toString('hex')}.part`
  try {
    closeSync(openSync(draft, 'wx', 0o600))
    const database = openToRead(source)
    try {
      // In one step: with several, every write between two of them makes it start again, perhaps for ever.
      await backup(database, draft, { rate: mostPages })
    } finally {
      database.close()
    }
    const facts = readFacts(draft, source)
    await accept(facts, draft)
    // SQLite has flushed it.
    giveName(draft, target)
    return facts
  } catch (cause) {
    throw asStartupError(cause, source, target)
  } finally {
    for (const end of ['', '-journal', '-wal', '-shm']) rmSync(`${draft}${end}`, { force: true })
  }
}

/** Removes the drafts of copies to `target` that were killed. Nobody else may be copying to it. */
export function removeDrafts(target: string): void {
  const directory = dirname(target)
  for (const name of readdirSync(directory)) {
    const end = name.startsWith(basename(target)) ? name.slice(basename(target).length) : ''
    if (draftEnd.test(end)) rmSync(join(directory, name), { force: true })
  }
}

const draftBytes = 6
const draftEnd = /^\.[0-9a-f]{12}\.part(?:-journal|-wal|-shm)?$/

/** Renames the files of a database: first the main file, because the others are worthless without it. */
export function renameDatabase(from: string, to: string): void {
  for (const end of ['', '-journal', '-wal']) {
    if (existsSync(`${from}${end}`)) renameSync(`${from}${end}`, `${to}${end}`)
  }
  rmSync(`${from}-shm`, { force: true })
  flushDirectory(dirname(from))
}

/**
 * Makes every position in the feed of this database one of another history: its readers may know of tokens that it does
 * not, and must forget everything. The file is nobody else's. `now` in milliseconds.
 */
export function beginOtherFeed(path: string, now: number): void {
  const database = new DatabaseSync(path)
  try {
    const exists = `select 1 from sqlite_schema where type = 'table' and name = 'feed_events'`
    if (database.prepare(exists).get() === undefined) return
    // Not the next id, which would be the first one of an empty feed.
    database.exec(`begin;
      insert into feed_events (id, at, kind, number) select coalesce(max(id), 0) + 2, ${now}, 'verifier', 0 from feed_events;
      delete from feed_events where id < (select max(id) from feed_events);
      commit`)
  } finally {
    database.close()
  }
}

// The maximum that the function accepts; no database has more pages.
const mostPages = 2_147_483_647

function openToRead(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 10_000 })
  try {
    database.prepare('select 1 from sqlite_schema').get()
    return database
  } catch (error) {
    database.close()
    if (existsSync(`${path}-wal`) || ![sqliteReadonly, sqliteCantOpen].includes(sqliteCodeOf(error))) throw error
    // No files can be made beside it, and so nobody writes to it.
    return new DatabaseSync(`${pathToFileURL(path).href}?immutable=1`, { readOnly: true })
  }
}

function readFacts(draft: string, source: string): DatabaseFacts {
  const database = new DatabaseSync(draft)
  try {
    // So that the copy differs from a file in log mode, if an old log lies beside it.
    database.exec('PRAGMA journal_mode = DELETE')
    const [finding] = checkIntegrity(database)
    if (finding !== undefined) throw damaged(source, finding)
    return factsOf(database, source)
  } finally {
    database.close()
  }
}

function factsOf(database: DatabaseSync, source: string): DatabaseFacts {
  const tables = new Set(
    database
      .prepare(`select name from sqlite_schema where type = 'table'`)
      .all()
      .map((row) => String(row['name'])),
  )
  for (const name of ['migrations', 'settings', 'users', 'organisations', 'tokens']) {
    if (!tables.has(name)) throw damaged(source, `there is no table ${name} in it, so it is not a database of Hallpass`)
  }
  const number = (sql: string): number => Number(Object.values(database.prepare(sql).get() ?? {})[0] ?? 0)
  const proof = database.prepare(`select value from settings where name = 'root_key_proof'`).get()?.['value']
  return {
    version: number('select max(version) from migrations'),
    rootKeyProof: typeof proof === 'string' ? proof : undefined,
    accounts: number('select count(*) from users'),
    organisations: number('select count(*) from organisations'),
    tokens: number('select count(*) from tokens'),
  }
}

/** @throws StartupError `database_newer_than_program` */
export function expectKnownVersion({ version }: DatabaseFacts): void {
  if (version > newestVersion) {
    throw new StartupError(
      'database_newer_than_program',
      `The backup is at version ${version}, and this program knows only versions up to ${newestVersion}: restore it with ` +
        'the newer program. Nothing was changed.',
    )
  }
}

// Links instead of renaming, so that an existing file is never overwritten, even by several at once.
function giveName(draft: string, target: string): void {
  try {
    linkSync(draft, target)
  } catch (error) {
    if (['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS'].includes(codeOf(error))) {
      // The file system has no hard links.
      copyThrough(draft, target)
    } else throw error
  }
  rmSync(draft)
  flushDirectory(dirname(target))
}

/** O_SYNC flushes each write, because Node.js under its permission model has no fsync. */
function copyThrough(source: string, target: string): void {
  const { O_WRONLY, O_CREAT, O_EXCL, O_SYNC } = constants
  const from = openSync(source, 'r')
  try {
    const to = openSync(target, O_WRONLY | O_CREAT | O_EXCL | O_SYNC, 0o600)
    try {
      const chunk = Buffer.allocUnsafe(2 ** 20)
      for (let length; (length = readSync(from, chunk)) > 0;) writeFileSync(to, chunk.subarray(0, length))
    } finally {
      closeSync(to)
    }
  } finally {
    closeSync(from)
  }
}

function damaged(source: string, finding: string): StartupError {
  return new StartupError('database_damaged', `${source} is damaged: ${finding}. Nothing was changed.`)
}

function asStartupError(cause: unknown, source: string, target: string): StartupError {
  if (cause instanceof StartupError) return cause
  if (codeOf(cause) === 'EEXIST') {
    return new StartupError('file_exists', `There is a file ${target} already, and nothing is written over it.`, {
      cause,
    })
  }
  if (sqliteCodeOf(cause) === sqliteFull || ['ENOSPC', 'EDQUOT'].includes(codeOf(cause))) {
    return new StartupError('database_unreachable', `There is no room for ${target}. Nothing was changed.`, { cause })
  }
  const reason = refusalOf(cause, source)
  if ([sqliteCorrupt, sqliteNotADatabase].includes(sqliteCodeOf(cause))) return damaged(source, reason)
  return new StartupError('database_unreachable', `${source} cannot be copied: ${reason}.`, { cause })
}

const [sqliteReadonly, sqliteCorrupt, sqliteFull, sqliteCantOpen, sqliteNotADatabase] = [8, 11, 13, 14, 26]

function sqliteCodeOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
