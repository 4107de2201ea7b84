// Output: data to stdout, messages to stderr.
import { fstatSync, statSync } from 'node:fs'
import { devNull } from 'node:os'

import { withoutSecrets } from '@hallpass/client/secret-text'
import { printable, replaceUnseen } from '@hallpass/client/visible-text'

import { adviseBy } from './command-name.ts'
import type { Context } from './context.ts'
import { CommandError } from './errors.ts'
import type { JsonFlag } from './flags.ts'
import { formatTable } from './table.ts'
import { reasonOf } from './text-file.ts'

/** A line of data. */
export function writeLine(context: Context, text: string): void {
  context.process.stdout.write(`${printable(text)}\n`)
}

/** A message about the input, without secrets that the input may have. */
export function warn(context: Context, text: string): void {
  tell(context, withoutSecrets(text))
}

/** A line of words: progress, confirmation, advice. */
export function tell(context: Context, text: string): void {
  context.process.stderr.write(`${printable(adviseBy(context.environment, text))}\n`)
}

/**
 * Data that is shown only once.
 * @param lost what was made and nobody has seen, and how to undo it
 * @throws CommandError where it could not be written, or leads nowhere
 */
export async function writeOnce(context: Context, text: string, lost: string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      context.stdout.write(`${text}\n`, (error) => (error ? reject(error) : resolve()))
    })
  } catch (cause) {
    throw new CommandError('failed', `it could not be printed (${reasonOf(cause)}), so nobody has seen it; ${lost}`, {
      cause,
    })
  }
  if (leadsNowhere(context.stdout.fd)) {
    throw new CommandError('failed', `standard output leads nowhere, so nobody has seen it; ${lost}`)
  }
}

/** Also if it was closed: Node replaces it by the null device. */
function leadsNowhere(fd: number): boolean {
  try {
    return fstatSync(fd).rdev === statSync(devNull).rdev
  } catch {
    return false
  }
}

/** JSON as the authority gave it, indented by two spaces. */
export function writeJson(context: Context, value: unknown): void {
  context.process.stdout.write(`${formatJson(value)}\n`)
}

/** Whether `--json` asked for the answer as it is; then it is written. */
export function wroteJson(context: Context, { json }: JsonFlag, answer: unknown): boolean {
  if (json === true) writeJson(context, answer)
  return json === true
}

/** JSON as the authority gave it, to be written. */
export function formatJson(value: unknown): string {
  return escapeUnseen(JSON.stringify(value, undefined, 2))
}

/** The same of JSON that is text already. */
export function writeJsonText(context: Context, json: string): void {
  context.process.stdout.write(`${escapeUnseen(json)}\n`)
}

/** Invisible characters become JSON escapes, so that programs read the same text and terminals obey none of it. */
function escapeUnseen(json: string): string {
  // In strings these are escaped already; between them they are JSON's white space.
  return replaceUnseen(json, (character) => (/[\t\r\n]/.test(character) ? character : escapeUnits(character)))
}

function escapeUnits(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}

/** A table of data. */
export function writeTable(context: Context, headers: readonly string[], rows: ReadonlyArray<readonly string[]>): void {
  context.process.stdout.write(formatTable(headers, rows))
}
