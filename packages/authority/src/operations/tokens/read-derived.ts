// Finds out which derived token a pasted text means: by its name, or by the token itself.
import { decodeMacaroon, derivedTokenId, MacaroonError, parseAuthorization, type Macaroon } from '@hallpass/macaroon'

import { parseDerived, type DerivedName } from '../../domain/derived-token.ts'
import { DomainError } from '../../domain/errors.ts'
import { kidLength } from '../../domain/key.ts'
import { readPasswords } from './name-token.ts'

export interface GivenDerived {
  readonly name: DerivedName
  /** Nothing about it is verified. Undefined if only the name was given. */
  readonly macaroon: Macaroon | undefined
}

/**
 * The one derived token in the text. A token must be whole: its name is made of its end.
 * @throws DomainError `invalid`, which repeats nothing of the text
 */
export function readDerived(given: string): GivenDerived {
  const named = parseDerived(given.trim())
  if (named !== undefined) return { name: named, macaroon: undefined }
  const text = given + readPasswords(given)
  const [macaroon, ...others] = readMacaroons(text)
  if (macaroon === undefined) throw unfit('holds neither a token nor the name of one, dt_ and 43 characters')
  const id = derivedTokenId(macaroon)
  const names = text.replaceAll(tokenForm, ' ').match(/dt_[\w-]{43}(?![\w-])/g) ?? []
  if (others.length > 0 || names.some((other) => other !== id)) {
    throw unfit('holds more than one token: revoke derived tokens one by one')
  }
  const name = parseDerived(id)
  if (name === undefined) throw new Error('the name of a derived token cannot be read')
  return { name, macaroon }
}

const tokenForm = /fm(?:2|1r|1a)_[A-Za-z0-9+/_=-]+/g

function readMacaroons(text: string): readonly Macaroon[] {
  const tokens = [...new Set(text.match(tokenForm) ?? [])]
  if (tokens.length === 0) return []
  try {
    const { macaroons, leftOut } = parseAuthorization(tokens.join(','))
    if (leftOut.length === 0) {
      // The key id of a discharge is a ticket, which is longer.
      return macaroons.map((bytes) => decodeMacaroon(bytes)).filter(({ nonce }) => nonce.kid.length === kidLength)
    }
  } catch (error) {
    if (!(error instanceof MacaroonError)) throw error
  }
  throw unfit('holds a token that is damaged or not whole: which one it was derived to stands at its end')
}

function unfit(predicate: string): DomainError {
  return new DomainError('invalid', `derived ${predicate}`, { field: 'derived' })
}
