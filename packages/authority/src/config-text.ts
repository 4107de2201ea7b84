// Checks texts of the configuration for what files and shells leave in them. Nothing is trimmed or guessed.
import { hasUnseen } from '@hallpass/client/visible-text'

import { StartupError } from './domain/errors.ts'

/**
 * The text as it is.
 * @param name the flag or variable, for the error
 * @throws StartupError `configuration_invalid` where it is no text, has control characters, or has white space or
 * quotes around it
 */
export function checkText(text: unknown, name: string): string {
  if (typeof text !== 'string') throw refused(name, 'is not text')
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)) throw refused(name, 'has a line break or another control character in it')
  if (text.trim() !== text) throw refused(name, 'has white space around it')
  if (/^["'`‘’‚“”„«»]|["'`‘’‚“”„«»]$/.test(text)) throw refused(name, 'begins or ends with a quotation mark')
  return text
}

/**
 * Checks a path in the same way.
 * @throws StartupError also where it is empty, is an address, or has characters that cannot be seen
 */
export function checkPath(text: unknown, name: string): string {
  const path = checkText(text, name)
  if (path === '') throw refused(name, 'names no directory')
  if (hasUnseen(path) || /[\p{Co}\p{Cn}\ufffd]/u.test(path)) {
    throw refused(name, 'has a character in it that cannot be seen')
  }
  if (path.endsWith('\\')) throw refused(name, 'ends with a backslash')
  if (/^~(\/|$)/.test(path)) throw refused(name, 'begins with ~, which no shell has replaced')
  if (/^(?:file:|[a-z][a-z\d+.-]*:\/\/)/i.test(path)) throw refused(name, 'is an address, where a path is wanted')
  return path
}

function refused(name: string, why: string): StartupError {
  return new StartupError('configuration_invalid', `${name} ${why}`)
}
