// What a command is given of the world around it.
import type { CommandContext, StricliProcess } from '@stricli/core'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Context extends CommandContext {
  readonly process: StricliProcess
  readonly stdin: NodeJS.ReadStream
  readonly stderr: NodeJS.WriteStream
  readonly environment: Environment
  /** The working directory. */
  readonly directory: string
  readonly now: () => Date
}

/** An environment variable; one that is set to nothing is not set. */
export function readVariable(environment: Environment, name: string): string | undefined {
  const value = environment[name]
  return value === undefined || value.trim() === '' ? undefined : value
}

/** True where a person sits at a terminal and can be asked: what goes to stdout does not matter. */
export function canAsk(context: Context): boolean {
  return context.stdin.isTTY && context.stderr.isTTY
}
