// The installation that a command works on: a data directory, or a PostgreSQL, and the root key if it is not a file.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

import { expectNotEmpty, type Context } from './context.ts'
import { CommandError } from './errors.ts'
import { cleanPath } from './given-text.ts'
import { warn } from './output.ts'
import { createSettingReader } from './read-settings.ts'
import type { InstallationFlags } from './setting-flags.ts'
import { settings } from './settings.ts'
import { describeUnknownVariables } from './unknown-variables.ts'

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
  for (const sentence of describeUnknownVariables(environment)) warn(context, sentence)
  if (flags.data === undefined) expectNotEmpty(environment, 'HALLPASS_DATA')
  const [given, source] =
    flags.data === undefined ? [environment['HALLPASS_DATA'], 'HALLPASS_DATA'] : [flags.data, '--data']
  const data = readDataDirectory(directory, given, source)
  const read = createSettingReader(context, flags)
  const databaseUrl = read.text('databaseUrl')
  if (databaseUrl !== undefined && !/^postgres(?:ql)?:\/\//.test(databaseUrl)) {
    throw new CommandError('misused', `${read.sourceOf('databaseUrl')} begins with postgres://`)
  }
  return { data, dataDirectory: resolve(directory, data), databaseUrl, rootKey: read.text('rootKey') }
}

function readDataDirectory(directory: string, given: string | undefined, source: string): string {
  if (given === undefined) return settings.data.usual
  const data = cleanPath(given, source)
  // Earlier versions used the name with its white space, and their data must not be lost.
  if (data !== given && !given.includes('\0') && existsSync(resolve(directory, given, 'hallpass.db'))) {
    throw new CommandError(
      'misused',
      `${source} has white space around it, and a database lies in the directory of just that name: rename the directory`,
    )
  }
  return data
}
