// The command with which the person runs this program, for advice that can be pasted.
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

import type { Environment } from './environment.ts'
import { nameFiles } from './secret-variables.ts'

/** `npx hallpass` where npm runs this, and `hallpass` alone would not be found. */
export function commandName(environment: Environment): 'hallpass' | 'npx hallpass' {
  const isRunByNpm = environment['npm_execpath'] !== undefined || environment['npm_lifecycle_event'] !== undefined
  return isRunByNpm && !isOnPath(environment) ? 'npx hallpass' : 'hallpass'
}

/** The text with each command in quotes or backticks written as this person has to write it. */
export function adviseBy(environment: Environment, text: string): string {
  return nameFiles(environment, text).replace(/(?<=[`"])hallpass(?= (?:--|[a-z]))/g, () => commandName(environment))
}

/** Except in the directories that npm adds while it runs something. */
function isOnPath(environment: Environment): boolean {
  const directories = (environment['PATH'] ?? '').split(delimiter)
  return directories.some(
    (directory) =>
      directory !== '' &&
      !/[/\\]node_modules[/\\]\.bin[/\\]?$/.test(directory) &&
      existsSync(join(directory, 'hallpass')),
  )
}
