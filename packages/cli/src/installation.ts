// Which installation a command works on by hand: a data directory, or a PostgreSQL, and the root key where it is not a file.
import { resolve } from 'node:path'

import { readVariable, type Context } from './context.ts'
import { CommandError } from './errors.ts'
import { textFlag } from './flags.ts'

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

/** @throws CommandError `misused` for a flag that is empty */
export function readInstallation(context: Context, flags: InstallationFlags): Installation {
  const { environment, directory } = context
  const data = flags.data ?? readVariable(environment, 'HALLPASS_DATA') ?? './hallpass-data'
  const databaseUrl = flags.databaseUrl ?? readVariable(environment, 'HALLPASS_DATABASE_URL')
  if (data === '') throw new CommandError('misused', 'the directory given with --data is empty')
  if (databaseUrl === '') throw new CommandError('misused', 'the address given with --database-url is empty')
  const rootKey = readVariable(environment, 'HALLPASS_ROOT_KEY')
  return { data, dataDirectory: resolve(directory, data), databaseUrl, rootKey }
}
