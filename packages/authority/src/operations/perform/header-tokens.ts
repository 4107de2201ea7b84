// Reads the tokens of all kinds in an Authorization header, without checking them.
import { MacaroonError, parseAuthorization, type Macaroon } from '@hallpass/macaroon'
import { decodeSmall } from '@hallpass/macaroon/internal'

import { DomainError } from '../../domain/errors.ts'

/** Bytes; a nonce and a location take less. */
const longestBeginning = 1024

/**
 * Returns the password of a `Basic` header (RFC 7617), in which CI tools and registry clients send tokens; the user
 * name is ignored. Returns any other header as it is. No answer asks for Basic, so no browser sends it by itself.
 */
function readPassword(header: string): string {
  if (!/^\s*basic\s/i.test(header)) return header
  const encoded = header.trim().slice('basic'.length).trim()
  const pair = Buffer.from(encoded, 'base64').toString('latin1')
  const password = pair.slice(pair.indexOf(':') + 1)
  if (pair.includes(':') && password !== '') return password
  throw new DomainError(
    'unauthenticated',
    'in this request Basic has no token as its password: send Bearer and the token',
  )
}

export function parseHeader(header: string): ReturnType<typeof parseAuthorization> {
  try {
    return parseAuthorization(readPassword(header))
  } catch (error) {
    if (error instanceof MacaroonError) throw new DomainError('unauthenticated', error.message, { cause: error })
    throw error
  }
}

/**
 * For bytes without the beginning of a macaroon: a short token may be truncated; a long one is not looked at further.
 */
export function describeDamage(bytes: Uint8Array): string {
  const damage = decode(bytes.subarray(0, longestBeginning))
  return typeof damage === 'string' ? damage : 'this token is damaged'
}

/**
 * Runs the work with errors that have no stack traces. One header may cause dozens of errors, and the trace is most of
 * their cost. After an unexpected error the work runs again, with traces.
 */
export function withoutStacks<T>(work: () => T): T {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return work()
  } catch (error) {
    if (error instanceof DomainError) throw error
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
  return work()
}

/** `location` is the one that most tokens have, which saves work. */
export function decode(bytes: Uint8Array, location = ''): Macaroon | string {
  try {
    return decodeSmall(bytes, location)
  } catch (error) {
    if (error instanceof MacaroonError) return `this token is damaged: ${error.message}`
    throw error
  }
}

/** Drops repetitions of a token, wherever in the header. */
export function withoutRepeated<Token extends { readonly bytes: Uint8Array }>(
  tokens: readonly Token[],
): readonly Token[] {
  if (tokens.length < 2) return tokens
  return [...new Map(tokens.map((token) => [Buffer.from(token.bytes).toString('latin1'), token])).values()]
}
