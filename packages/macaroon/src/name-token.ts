/**
 * Reads the beginnings of macaroons: which tokens a pasted text names, for somebody who wants to revoke them, even if
 * the rest is damaged; and which token a macaroon is, before the rest of it is read.
 */

import { decodeBase64 } from './base64.ts'
import { isBytes, takeBytes } from './boundary.ts'
import { MacaroonError } from './errors.ts'
import { MsgpackReader } from './msgpack-reader.ts'
import { type Nonce, readNonce, tokenId } from './nonce.ts'
import { maxHeaderLength, maxTokens } from './text.ts'
import { Wire } from './wire.ts'

/**
 * The ids of the permission tokens in the text, in their order and each once; discharges are left out. A macaroon has
 * its id in its first bytes, so one that is cut off, or changed behind them, is still named. Anything may stand before,
 * after and between them. Nothing about them is verified: an id says only which token is meant.
 *
 * Throws MacaroonError `bad-argument` for what is no text, `too-long` and `too-many`.
 */
export function nameTokens(text: string): readonly string[] {
  if (typeof text !== 'string') throw new MacaroonError('bad-argument', 'The text must be a string')
  if (text.length > maxHeaderLength) {
    throw new MacaroonError('too-long', `The text has ${text.length} characters; ${maxHeaderLength} are the limit`)
  }
  const ids = new Set<string>()
  let count = 0
  for (const [, digits = ''] of text.matchAll(macaroonForm)) {
    count += 1
    if (count > maxTokens) throw new MacaroonError('too-many', `The text holds more than ${maxTokens} tokens`)
    const nonce = readFirstNonce(digits)
    if (nonce !== undefined) ids.add(tokenId(nonce))
  }
  return [...ids]
}

const macaroonForm = /fm(?:2|1r|1a)_([A-Za-z0-9+/_-]*)/g
/** Enough for the nonce of a token, whose key id has 16 bytes; that of a discharge is a ticket, which is longer. */
const longestBeginning = 80

/**
 * The nonce and the location of the macaroon that begins with these bytes; undefined where none does. Nothing behind
 * them is looked at, so that an unknown key is noticed before a whole macaroon is read.
 *
 * Throws MacaroonError `bad-argument` for anything but a Uint8Array.
 */
export function readBeginning(bytes: Uint8Array): { readonly nonce: Nonce; readonly location: string } | undefined {
  // The first byte rules out most of what is no macaroon.
  if (isBytes(bytes) && bytes[0] !== macaroonHead) return undefined
  const wire = Wire.of(takeBytes(bytes, 'bytes'))
  try {
    const reader = new MsgpackReader(wire.own())
    reader.expectArray(4, 'a macaroon')
    return { nonce: readNonce(reader, wire), location: reader.readString() }
  } catch (error) {
    if (error instanceof MacaroonError) return undefined
    throw error
  }
}

/** Of an array of four. */
const macaroonHead = 0x94

function readFirstNonce(digits: string): Nonce | undefined {
  const beginning = digits.slice(0, longestBeginning).replaceAll('-', '+').replaceAll('_', '/')
  try {
    const bytes = decodeBase64(beginning, 0, beginning.length - (beginning.length % 4), 'The base64')
    const reader = new MsgpackReader(bytes)
    reader.expectArray(4, 'a macaroon')
    return readNonce(reader, Wire.of(bytes))
  } catch (error) {
    if (error instanceof MacaroonError) return undefined
    throw error
  }
}
