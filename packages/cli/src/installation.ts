// Which installation a command works on by hand: a data directory, or a PostgreSQL, and the root key where it is not a file.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

import type { Context, Environment } from './context.ts'
import { CommandError } from './errors.ts'
import { textFlag } from './flags.ts'
import { cleanPath, cleanText } from './given-text.ts'
import { readSecret } from './secret-file.ts'

export interface InstallationFlags {
  readonly data?: string | undefined
  readonly databaseUrl?: string | undefined
}
export const installationFlags = {
  data: textFlag('Directory for what is kept, or HALLPASS_DATA (default ./hallpass-data)', 'dir'),
  databaseUrl: textFlag('PostgreSQL to use instead of SQLite, or HALLPASS_DATABASE_URL', 'url'),
} as const

export interface Installation {
  /** The data directory as it was given. */
  readonly data: string
  /** The same, as an absolute path. */
  readonly dataDirectory: string
  readonly databaseUrl: string | undefined
  readonly rootKey: string | undefined
}

/** @throws CommandError `misused` for what is empty, or no name of a directory */
export function readInstallation(context: Context, flags: InstallationFlags): Installation {
  const { environment, directory } = context
  const [given, source] =
    flags.data === undefined ? [environment['HALLPASS_DATA'], 'HALLPASS_DATA'] : [flags.data, '--data']
  const data = readDataDirectory(directory, given, source)
  const databaseUrl = readDatabaseUrl(environment, flags)
  const rootKey = readSecret(environment, 'HALLPASS_ROOT_KEY')
  return { data, dataDirectory: resolve(directory, data), databaseUrl, rootKey }
}

/**
 * The text of a flag, without white space around it.
 * @throws CommandError `misused` where it is empty, and as {@link cleanText}
 */
export function readText(given: string | undefined, flag: string): string | undefined {
  if (given === undefined) return undefined
  const text = cleanText(given, flag)
  if (text === '') throw new CommandError('misused', `${flag} is empty`)
  return text
}

function readDatabaseUrl(environment: Environment, flags: InstallationFlags): string | undefined {
  const url = readText(flags.databaseUrl, '--database-url') ?? readSecret(environment, 'HALLPASS_DATABASE_URL')
  if (url === undefined || /^postgres(?:ql)?:\/\//.test(url)) return url
  const source = flags.databaseUrl === undefined ? 'HALLPASS_DATABASE_URL' : '--database-url'
  throw new CommandError('misused', `${source} begins with postgres://`)
}

function readDataDirectory(directory: string, given: string | undefined, source: string): string {
  if (given === undefined || (source === 'HALLPASS_DATA' && given.trim() === '')) return './hallpass-data'
  const data = cleanPath(given, source)
  // Earlier versions took the name as it stood: what they kept there must not be begun anew elsewhere.
  if (data !== given && !given.includes('\0') && existsSync(resolve(directory, given, 'hallpass.db'))) {
    throw new CommandError(
      'misused',
      `${source} has white space around it, and a database lies in the directory of just that name: rename the directory`,
    )
  }
  return data
}
