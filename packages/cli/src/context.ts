// The environment of a command.
import type { CommandContext, StricliProcess } from '@stricli/core'

import type { Environment } from './environment.ts'
import { CommandError } from './errors.ts'
import { cleanPath, cleanText } from './given-text.ts'

export interface Context extends CommandContext {
  readonly process: StricliProcess
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream & { readonly fd: number }
  readonly stderr: NodeJS.WriteStream
  readonly environment: Environment
  /** The working directory. */
  readonly directory: string
  readonly now: () => Date
  /** For each field of the API, how the person gave it: `--org`. */
  readonly givenBy: Map<string, { readonly by: string; readonly value: string }>
}

/** Whether the variable is set to more than white space. */
export function isSet(environment: Environment, name: string): boolean {
  return (environment[name] ?? '').trim() !== ''
}

/** @throws CommandError `misused` where the variable is set, but empty: a template or a script had no value for it. */
export function expectNotEmpty(environment: Environment, name: string): void {
  if (environment[name] === undefined || isSet(environment, name)) return
  throw new CommandError('misused', `${name} is set, but empty: give it a value, or unset it`)
}

/**
 * An environment variable without white space around it, where it is set.
 * @throws CommandError `misused` as {@link cleanText}
 */
export function readVariable(environment: Environment, name: string): string | undefined {
  return isSet(environment, name) ? cleanText(environment[name] ?? '', name) : undefined
}

/**
 * The same of a variable that names a file or directory.
 * @throws CommandError `misused` as {@link cleanPath}
 */
export function readPathVariable(environment: Environment, name: string): string | undefined {
  return isSet(environment, name) ? cleanPath(environment[name] ?? '', name) : undefined
}

/** Whether a person at a terminal can be asked; stdout may be redirected. */
export function canAsk(context: Context): boolean {
  return context.stdin.isTTY && context.stderr.isTTY
}
