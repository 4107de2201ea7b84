// Errors of the command line, with a sentence for people and an exit code for programs.
import { withoutSecrets } from '@hallpass/client/secret-text'
import { printable } from '@hallpass/client/visible-text'

import { adviseBy } from './command-name.ts'

export type CommandErrorCode = Exclude<keyof typeof exitCodes, 'done' | 'endsSoon'>

/** A command failed; the message is a sentence that says why. */
export class CommandError extends Error {
  readonly code: CommandErrorCode

  constructor(code: CommandErrorCode, sentence: string, options?: { readonly cause?: unknown }) {
    super(sentence, options)
    this.name = 'CommandError'
    this.code = code
  }
}

/** 0 is done, 1 failed, 2 misused, 3 that a token that is checked ends soon; 126, 127 and 130 are what a shell says of a command that it cannot run, and of Ctrl-C. */
export const exitCodes = {
  done: 0,
  failed: 1,
  misused: 2,
  endsSoon: 3,
  notRunnable: 126,
  notFound: 127,
  cancelled: 130,
} as const

/** The exit code that an error ends the program with. */
export function exitCodeFor(error: unknown): number {
  if (error instanceof CommandError) return exitCodes[error.code]
  const name = error instanceof Error && 'code' in error ? `${error.name} ${String(error.code)}` : ''
  return codesOfErrors[name] ?? exitCodes.failed
}

/** `misused` is for errors in the input, found by the authority, or by the client before it sends it. */
const codesOfErrors: Readonly<Record<string, number>> = {
  'ApiError invalid_request': exitCodes.misused,
  'ConnectionError not_sent': exitCodes.misused,
  'StartupError configuration_invalid': exitCodes.misused,
  'StartupError root_key_invalid': exitCodes.misused,
  'ApiError command_not_found': exitCodes.notFound,
  'ApiError command_not_runnable': exitCodes.notRunnable,
}

/** One sentence for a person. An unexpected error says so, and shows its stack only with HALLPASS_DEBUG=1. */
export function describeError(error: unknown, environment: Readonly<Record<string, string | undefined>>): string {
  const sentence = isForeseen(error)
    ? `Error: ${printable(withoutSecrets(adviseBy(environment, error.message)))}`
    : `Error: something went wrong that should not have: ${printable(withoutSecrets(messageOf(error)))}`
  if (environment['HALLPASS_DEBUG']?.trim() !== '1') return sentence
  return `${sentence}\n${withoutSecrets(stackOf(error))}`
}

/** Known by name: importing the classes would load the client for every `--help`. */
const foreseen: ReadonlySet<string> = new Set([
  'CommandError',
  'ApiError',
  'ConnectionError',
  'DischargeError',
  'StartupError',
  'MacaroonError',
])

function isForeseen(error: unknown): error is Error {
  return error instanceof Error && foreseen.has(error.name)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = error.stack ?? error.message
  return error.cause === undefined ? own : `${own}\ncaused by ${stackOf(error.cause)}`
}
