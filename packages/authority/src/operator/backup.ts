// Backs up the SQLite database of an installation, with or without a running server, and restores a backup.
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { StartupError } from '../domain/errors.ts'
import { Secret } from '../domain/secret.ts'
import { checkRootKey } from '../keyring/keyring.ts'
import { rootKeyPath } from '../keyring/root-key-file.ts'
import { findRootKey } from '../keyring/root-key.ts'
import {
  beginOtherFeed,
  copyDatabase,
  expectKnownVersion,
  removeDrafts,
  renameDatabase,
  type DatabaseFacts,
} from '../store/sqlite-copy.ts'
import { findDatabase, holdDataDirectory } from '../store/sqlite-directory.ts'
import { databaseName, findExposure, handOver, lockName } from '../store/sqlite-files.ts'

/** Where an installation keeps its data. */
export interface InstallationPlace {
  readonly dataDirectory: string
  readonly databaseUrl?: string | undefined
  readonly rootKey?: string | undefined
}

export interface Backup extends Omit<DatabaseFacts, 'rootKeyProof'> {
  readonly file: string
  /** Where the root key is (`HALLPASS_ROOT_KEY`, or a path). A backup does not contain it. */
  readonly rootKey: string
  /** Whether the database was made under that key; undefined if no key can be read. */
  readonly rootKeyFits: boolean | undefined
}

/**
 * Writes the state of one moment to a new file, while others go on writing.
 * @throws StartupError `file_exists`, `database_damaged`, or an error of the data directory
 */
export async function backUp(place: InstallationPlace & { readonly file: string }): Promise<Backup> {
  const { file, dataDirectory } = place
  refusePostgres(place, 'pg_dump')
  const { database } = findDatabase(dataDirectory)
  refuseExisting(file)
  expectDirectory(dirname(file))
  let rootKeyFits: boolean | undefined
  const { rootKeyProof: _, ...facts } = await copyDatabase(database, file, async ({ rootKeyProof }) => {
    // A backup is useful even if the key cannot be read.
    rootKeyFits = await fits(place, rootKeyProof).catch(() => undefined)
  })
  return { file, ...facts, rootKey: nameRootKey(place), rootKeyFits }
}

export interface Restored extends Backup {
  /** The new path of the database that was there before. */
  readonly kept?: string
}

/**
 * Puts a backup into a data directory without a running server. It keeps an existing database under another name.
 * @throws StartupError `data_directory_in_use`, `database_damaged`, `database_newer_than_program` or
 * `root_key_mismatch`; nothing is changed then
 */
export async function restore(
  place: InstallationPlace & { readonly file: string; readonly now: Date },
): Promise<Restored> {
  const { file, dataDirectory, now } = place
  refusePostgres(place, 'pg_restore')
  expectBackup(file)
  const [exposure] = findExposure(dataDirectory, 'operator')
  if (exposure !== undefined) throw new StartupError('data_directory_exposed', exposure)
  const database = join(dataDirectory, databaseName)
  const lock = holdDataDirectory(dataDirectory)
  try {
    removeDrafts(database)
    let rootKeyFits: boolean | undefined
    const aside = `${database}.before-${now.toISOString().replaceAll(/[:.]/g, '-')}`
    const kept = existsSync(database) ? aside : undefined
    const { rootKeyProof: _, ...facts } = await copyDatabase(file, database, async (found, draft) => {
      expectKnownVersion(found)
      rootKeyFits = await fits(place, found.rootKeyProof)
      if (rootKeyFits === false) throw wrongKey(nameRootKey(place), file)
      beginOtherFeed(draft, now.getTime())
      // With its log, and also a log without a database: SQLite would replay it into the restored file.
      renameDatabase(database, aside)
    }).catch((error: unknown) => {
      if (!existsSync(database)) renameDatabase(aside, database)
      lock.undo()
      throw error
    })
    handOver(dataDirectory, [databaseName, lockName])
    lock.markUsed()
    return {
      file: database,
      ...facts,
      rootKey: nameRootKey(place),
      rootKeyFits,
      ...(kept === undefined ? {} : { kept }),
    }
  } finally {
    lock.unlock()
  }
}

function refusePostgres({ databaseUrl }: InstallationPlace, tool: string): void {
  if (databaseUrl === undefined) return
  throw new StartupError(
    'configuration_invalid',
    `This command is for SQLite, and a PostgreSQL database is configured: use ${tool} (see docs/backup.md).`,
  )
}

function refuseExisting(file: string): void {
  if (existsSync(file)) throw new StartupError('file_exists', `${file} exists already, and is not overwritten.`)
}

/** Before anything is opened: SQLite reports nothing useful for a directory, and waits for ever at a pipe. */
function expectBackup(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined) throw new StartupError('database_missing', `There is no file ${file}.`)
  if (found.isFile()) return
  const what = found.isDirectory() ? 'is a directory: name the file in it' : 'is not a file: name the file'
  throw new StartupError('database_missing', `${file} ${what} that "hallpass backup" wrote. Nothing was changed.`)
}

function expectDirectory(directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return
  throw new StartupError(
    'database_unreachable',
    `There is no directory ${directory} to write the backup into: create it first.`,
  )
}

function nameRootKey({ rootKey, dataDirectory }: InstallationPlace): string {
  return rootKey === undefined ? rootKeyPath(dataDirectory) : 'HALLPASS_ROOT_KEY'
}

async function fits(
  { rootKey, dataDirectory }: InstallationPlace,
  proof: string | undefined,
): Promise<boolean | undefined> {
  const found = await findRootKey({
    environment: rootKey === undefined ? undefined : new Secret(rootKey),
    dataDirectory,
  })
  if (found === undefined || proof === undefined) return undefined
  try {
    checkRootKey(found.key, proof)
    return true
  } catch (error) {
    if (error instanceof StartupError) return false
    throw error
  }
}

function wrongKey(name: string, file: string): StartupError {
  return new StartupError(
    'root_key_mismatch',
    `${file} was made under another root key than ${name}: use the one that it was made under. Nothing was changed.`,
  )
}
