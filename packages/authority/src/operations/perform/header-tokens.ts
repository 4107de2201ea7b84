// What stands in an Authorization header: tokens of all kinds, without a look at what they are worth.
import { MacaroonError, decodeMacaroon, parseAuthorization, type Macaroon } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'

/** Bytes, more than a nonce and a location take. */
const longestBeginning = 1024

/**
 * What stands in the password of `Basic` (RFC 7617), as CI tools and the clients of registries send tokens; the name counts
 * for nothing. Any other header as it is. No answer asks for Basic, so that no browser sends it of its own accord.
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

/** Of what has no beginning of a macaroon: what is short may be cut off there, and of what is long no more is looked at. */
export function describeDamage(bytes: Uint8Array): string {
  const damage = decode(bytes.subarray(0, longestBeginning))
  return typeof damage === 'string' ? damage : 'this token is damaged'
}

/**
 * The work, with errors that do not know where they came from: a header may make dozens of those that stand for what is
 * wrong with it, and most of their cost is where. What nobody foresaw happens once more, and tells.
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

export function decode(bytes: Uint8Array): Macaroon | string {
  try {
    return decodeMacaroon(bytes)
  } catch (error) {
    if (error instanceof MacaroonError) return `this token is damaged: ${error.message}`
    throw error
  }
}

/** The same token twice counts once, wherever in the header. */
export function withoutRepeated<Token extends { readonly bytes: Uint8Array }>(
  tokens: readonly Token[],
): readonly Token[] {
  if (tokens.length < 2) return tokens
  return [...new Map(tokens.map((token) => [Buffer.from(token.bytes).toString('latin1'), token])).values()]
}
