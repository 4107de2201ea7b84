// Finds out which token a pasted text means: its id only. Signatures are not checked, because an id is no secret.
import { MacaroonError } from '@hallpass/macaroon'
import { nameTokens } from '@hallpass/macaroon/name'

import { DomainError } from '../../domain/errors.ts'

/**
 * The id of the one token in the text.
 * @throws DomainError `invalid`, which repeats nothing of the text
 */
export function nameToken(given: string): string {
  const text = given + readPasswords(given)
  const [id, ...others] = readIds(text)
  if (id !== undefined && others.length === 0) return id
  const isAuthToken = id === undefined && text.includes('fo1_')
  const why = isAuthToken
    ? 'token is an auth token, which is ended by logging out'
    : id === undefined
      ? 'token holds no token, and not enough of one to recognize it'
      : 'token holds more than one token: leave out its discharges, and revoke tokens one by one'
  throw new DomainError('invalid', why, { field: 'token' })
}

/** The passwords of `Basic` headers (RFC 7617), which may be tokens: one on each line. */
export function readPasswords(text: string): string {
  const encoded = text.matchAll(/\bbasic\s+([A-Za-z0-9+/_-]+)/gi)
  return Array.from(encoded, ([, pair = '']) => `\n${Buffer.from(pair, 'base64').toString('latin1')}`).join('')
}

function readIds(text: string): readonly string[] {
  try {
    return nameTokens(text)
  } catch (error) {
    if (!(error instanceof MacaroonError)) throw error
    throw new DomainError('invalid', 'token holds too many tokens', { field: 'token', cause: error })
  }
}
