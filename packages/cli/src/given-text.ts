// Cleans the text of a variable or a flag of what files and shells leave in it, or refuses it.
import { existsSync } from 'node:fs'

import { holdsWholeSecret } from '@hallpass/client/secret-text'
import { hasUnseen } from '@hallpass/client/visible-text'

import { CommandError } from './errors.ts'

const quotes = '["\'`\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb]'
const quoted = new RegExp(`^${quotes}.*${quotes}$`, 's')
const quotedAtOneEnd = new RegExp(`^${quotes}|${quotes}$`)

/**
 * The text without white space around it, which a file with CRLF leaves.
 * @param source the flag or variable, for the error
 * @throws CommandError if it has control characters, or quotes that no shell removed
 */
export function cleanText(text: string, source: string): string {
  const trimmed = text.trim()
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(trimmed))
    throw refused(source, 'has a line break or another control character in it')
  if (trimmed.length > 1 && quoted.test(trimmed)) throw refused(source, 'stands in quotes: leave them away')
  return trimmed
}

/**
 * The same of the name of a file or directory.
 * @throws CommandError also if it names another place than it seems to, or none
 */
export function cleanPath(text: string, source: string): string {
  const path = cleanText(text, source)
  if (path === '') throw refused(source, 'is empty')
  if (quotedAtOneEnd.test(path)) throw refused(source, 'begins or ends with a quotation mark: leave it away')
  if (hasUnseen(path) || /[\p{Co}\p{Cn}\ufffd]/u.test(path)) {
    throw refused(source, 'has a character in it that cannot be seen')
  }
  if (holdsWholeSecret(path)) throw refused(source, 'holds a token or a code, where a path is wanted')
  // A line of a file that continues on the next.
  if (path.endsWith('\\')) throw refused(source, 'ends with a backslash: leave it away')
  // An existing file is always accepted.
  const leftover = leftovers.find(([pattern]) => pattern.test(path))
  if (leftover !== undefined && !existsSync(path)) throw refused(source, leftover[1])
  if (/^~|^\$|^%\w+%/.test(path)) {
    throw refused(
      source,
      `begins with ${path.charAt(0)}, which no shell has replaced: write the path in full, or ./ before it`,
    )
  }
  if (/^(?:file:|[a-z][a-z\d+.-]*:\/\/)/i.test(path)) throw refused(source, 'is an address, where a path is wanted')
  return path
}

/**
 * A one-time code, alone or at the end of its link: other pasted text is not sent to an authority.
 * @param source the flag, argument or question, for the error
 * @throws CommandError where it is none
 */
export function cleanCode(text: string, source: string): string {
  const code = cleanText(text, source).replace(/^https?:\/\/\S*#/, '')
  if (/^[a-z\d]{8}(?:-[a-z\d]{8}){3}$/i.test(code)) return code
  throw refused(source, 'is no code of an authority, which has four groups of eight letters and digits')
}

/** Remains of variable files and templates that were read by the wrong program. */
const leftovers: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/\s#/, 'has a comment behind it, which is a part of the path here: leave it away'],
  [/\$[{(]|\{\{/, 'has a place for a value in it, which nothing has filled in: write the path in full'],
  [/[;,]$/, 'ends with a sign that separates values: leave it away'],
  [/\\[nrt]$/, 'ends with an escape, which nothing has read: leave it away'],
  [/^(?:export\s|\w+=)/, 'begins with the name of a variable: leave it away'],
  [
    /^(?:undefined|null|nil|none|<.*>)$/i,
    'stands for no value: write a path, with ./ before it if it is really called so',
  ],
]

function refused(source: string, why: string): CommandError {
  return new CommandError('misused', `${source} ${why}`)
}
