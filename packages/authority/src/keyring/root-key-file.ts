// The file of the root key: finds it, makes it at the first start, and marks it when a database was made under it.
import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { appendFile, chmod, link, lstat, open, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { denialOf, refusalOf, StartupError } from '../domain/errors.ts'

// O_SYNC flushes each write, because Node.js under its permission model has no fsync.
const { O_WRONLY, O_CREAT, O_EXCL, O_APPEND, O_SYNC } = constants

export interface RootKeyFile {
  readonly path: string
  readonly text: string
  /** Whether the file is marked as used by a database. */
  readonly isUsed: boolean
}

// An empty line after the key. It travels with the file, and programs that read the key ignore it.
const usedMark = /\n[ \t\r]*\n\s*$/

/** The path of the file in a data directory. */
export function rootKeyPath(dataDirectory: string): string {
  return join(dataDirectory, 'root.key')
}

/**
 * The file in a data directory; undefined if there is none. It may be a link, for example to a store of secrets.
 * @throws StartupError `root_key_invalid` if it is not a file, cannot be read, or others can read it
 */
export async function findRootKeyFile(dataDirectory: string): Promise<RootKeyFile | undefined> {
  const path = rootKeyPath(dataDirectory)
  try {
    const entry = await unlessMissing(lstat(path))
    if (entry === undefined) return undefined
    if (entry.isSymbolicLink()) await expectTarget(path)
    expectPrivate(path, await stat(path), (await stat(dataDirectory)).uid)
    const text = await readFile(path, 'utf8')
    if (text.trim() === '') throw refused(`${path} is empty: restore the root key from your copy.`)
    return { path, text, isUsed: usedMark.test(text) }
  } catch (cause) {
    if (cause instanceof StartupError) throw cause
    const advice = denialOf(cause) === undefined ? ': the user that runs Hallpass needs to read it' : ''
    throw refused(`${path} cannot be read (${refusalOf(cause)})${advice}.`, cause)
  }
}

/**
 * Makes the file for a new key; the caller flushes the directory. If another process makes one at the same time, that
 * one counts.
 * @param text the key, without a line break
 * @throws StartupError `root_key_invalid` if the file cannot be made
 */
export async function createRootKeyFile(dataDirectory: string, text: string): Promise<RootKeyFile> {
  const path = rootKeyPath(dataDirectory)
  try {
    await writeOnce(path, `${text}\n`)
  } catch (cause) {
    throw refused(`${path} cannot be made (${refusalOf(cause)}).`, cause)
  }
  const made = await findRootKeyFile(dataDirectory)
  if (made === undefined) throw refused(`${path} was removed as soon as it was made.`)
  return made
}

async function writeOnce(path: string, text: string): Promise<void> {
  // Written under another name and then linked: a crash leaves no half key, and of two starts one wins.
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  const file = await open(draft, O_WRONLY | O_CREAT | O_EXCL | O_SYNC, 0o600)
  try {
    await file.writeFile(text)
  } finally {
    await file.close()
  }
  try {
    await chmod(draft, 0o600)
    await link(draft, path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    await rm(draft, { force: true })
  }
}

/** Marks the file: a database was made under its key. The target of a link belongs to others and is not changed. */
export async function markRootKeyFile({ path, isUsed }: RootKeyFile): Promise<void> {
  if (isUsed) return
  try {
    if ((await lstat(path)).isFile()) await appendFile(path, '\n', { flag: O_WRONLY | O_APPEND | O_SYNC })
  } catch {
    // An unmarked file works too; it is only not recognized beside an empty database.
  }
}

/** Removes drafts of starts that were killed while they made a key. */
export async function clearDrafts(dataDirectory: string, now: number): Promise<void> {
  for (const name of await readdir(dataDirectory).catch(() => [])) {
    if (!/^root\.key\.[0-9a-f]{12}$/.test(name)) continue
    const path = join(dataDirectory, name)
    // A newer draft may belong to a start in progress.
    const draft = await unlessMissing(stat(path))
    if (draft !== undefined && now - draft.mtimeMs > draftLifetime) await rm(path, { force: true })
  }
}

const draftLifetime = 60_000

async function expectTarget(path: string): Promise<void> {
  try {
    await stat(path)
  } catch (cause) {
    const target = await readlink(path)
    throw refused(`${path} is a link to ${target}, which cannot be found (${refusalOf(cause)}): fix the link.`, cause)
  }
}

function expectPrivate(path: string, found: Stats, ownerOfDirectory: number): void {
  const { mode, uid } = found
  if (!found.isFile()) throw refused(`${path} is not a file: it must be a file with the root key in it.`)
  if ((mode & 0o077) !== 0) {
    throw refused(`${path} can be read by others (mode ${(mode & 0o777).toString(8)}): run "chmod 600 ${path}".`)
  }
  const ownUid = process.getuid?.()
  // Root may also use the files of the directory's owner, as an operator does.
  const us = ownUid === 0 ? ownerOfDirectory : ownUid
  if (us !== undefined && uid !== us && uid !== 0) {
    throw refused(`${path} belongs to another user (${uid}): run "chown ${us} ${path}".`)
  }
}

async function unlessMissing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return undefined
    throw error
  }
}

function refused(sentence: string, cause?: unknown): StartupError {
  return new StartupError('root_key_invalid', sentence, cause === undefined ? undefined : { cause })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}
