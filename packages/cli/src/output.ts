// Where things are written: data to stdout, words to stderr.
import { withoutSecrets } from '@hallpass/client/secret-text'

import type { Context } from './context.ts'
import { printable } from './printable.ts'
import { formatTable } from './table.ts'

/** A line of data. */
export function writeLine(context: Context, text: string): void {
  context.process.stdout.write(`${printable(text)}\n`)
}

/** A line of words about what was given, which may hold what should not have been given. */
export function warn(context: Context, text: string): void {
  tell(context, withoutSecrets(text))
}

/** A line of words: progress, confirmation, advice. */
export function tell(context: Context, text: string): void {
  context.process.stderr.write(`${printable(text)}\n`)
}

/** JSON as the authority gave it, indented by two spaces. */
export function writeJson(context: Context, value: unknown): void {
  writeJsonText(context, JSON.stringify(value, undefined, 2))
}

/** The same of JSON that is text already. */
export function writeJsonText(context: Context, json: string): void {
  // JSON escapes the older control characters itself; terminals obey these as well.
  const text = json.replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  context.process.stdout.write(`${text}\n`)
}

/** A table of data. */
export function writeTable(context: Context, headers: readonly string[], rows: ReadonlyArray<readonly string[]>): void {
  context.process.stdout.write(formatTable(headers, rows))
}
