// The file of the root key: found, made on the first start, and marked as soon as a database was made under it.
import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { appendFile, chmod, link, lstat, open, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { denialOf, StartupError } from '../domain/errors.ts'

// Flushed by the system with each write: under its permission model Node.js flushes nothing for a program.
const { O_WRONLY, O_CREAT, O_EXCL, O_APPEND, O_SYNC } = constants

export interface RootKeyFile {
  readonly path: string
  readonly text: string
  /** Whether a database was made under this key, as far as the file knows. */
  readonly isUsed: boolean
}

// An empty line behind the key: it goes wherever the file goes, and whoever reads the key takes no notice of it.
const usedMark = /\n[ \t\r]*\n\s*$/

/** Where the file is in a data directory. */
export function rootKeyPath(dataDirectory: string): string {
  return join(dataDirectory, 'root.key')
}

/**
 * The file of a data directory; undefined where there is none. It may be a link, as those to a store of secrets are.
 * @throws StartupError `root_key_invalid` where it is no file, cannot be read, or can be by others
 */
export async function findRootKeyFile(dataDirectory: string): Promise<RootKeyFile | undefined> {
  const path = rootKeyPath(dataDirectory)
  try {
    const entry = await unlessMissing(lstat(path))
    if (entry === undefined) return undefined
    if (entry.isSymbolicLink()) await expectTarget(path)
    expectPrivate(path, await stat(path), (await stat(dataDirectory)).uid)
    const text = await readFile(path, 'utf8')
    if (text.trim() === '') throw refused(`${path} is empty: put the root key back from where you keep a copy of it.`)
    return { path, text, isUsed: usedMark.test(text) }
  } catch (cause) {
    if (cause instanceof StartupError) throw cause
    const why = denialOf(cause) ?? 'the user that runs Hallpass needs to read it'
    throw refused(`${path} cannot be read (${codeOf(cause)}): ${why}.`, cause)
  }
}

/**
 * Makes the file of a new key; its name in the directory is for the caller to flush. Where another process makes one at the same moment, theirs counts.
 * @param text the key, without a line break
 * @throws StartupError `root_key_invalid` where the directory takes no file
 */
export async function createRootKeyFile(dataDirectory: string, text: string): Promise<RootKeyFile> {
  const path = rootKeyPath(dataDirectory)
  try {
    await writeOnce(path, `${text}\n`)
  } catch (cause) {
    throw refused(`${path} cannot be made (${denialOf(cause) ?? codeOf(cause)}).`, cause)
  }
  const made = await findRootKeyFile(dataDirectory)
  if (made === undefined) throw refused(`${path} was removed as soon as it was made.`)
  return made
}

async function writeOnce(path: string, text: string): Promise<void> {
  // Written whole under another name and linked into place: a crash leaves no half key, and of two starts one wins.
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

/** Notes in the file that a database was made under its key. A link leads to what others keep: that stays as it is. */
export async function markRootKeyFile({ path, isUsed }: RootKeyFile): Promise<void> {
  if (isUsed) return
  try {
    if ((await lstat(path)).isFile()) await appendFile(path, '\n', { flag: O_WRONLY | O_APPEND | O_SYNC })
  } catch {
    // A file that cannot be written serves as well, and is only not known again beside an empty database.
  }
}

/** Removes what starts left that were killed while they made a key. */
export async function clearDrafts(dataDirectory: string, now: number): Promise<void> {
  for (const name of await readdir(dataDirectory).catch(() => [])) {
    if (!/^root\.key\.[0-9a-f]{12}$/.test(name)) continue
    const path = join(dataDirectory, name)
    // A younger one may be that of a start which is under way.
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
    throw refused(
      `${path} is a link to ${target}, where nothing can be found (${codeOf(cause)}): mend the link.`,
      cause,
    )
  }
}

function expectPrivate(path: string, found: Stats, ownerOfDirectory: number): void {
  const { mode, uid } = found
  if (!found.isFile()) throw refused(`${path} is no file: it is to be a file that holds the root key.`)
  if ((mode & 0o077) !== 0) {
    throw refused(`${path} can be read by others (mode ${(mode & 0o777).toString(8)}): run "chmod 600 ${path}".`)
  }
  const ownUid = process.getuid?.()
  // Root also looks at the files of others, as an operator.
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
