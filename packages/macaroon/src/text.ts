/** The text of an Authorization header into token bytes and back: the only parser of that text there is. */

import { decodeBase64, encodeBase64, tryBase64 } from './base64.ts'
import { MacaroonError } from './errors.ts'
import { leastMacaroonLength, textLength } from './truncation.ts'

/** What one header carries. At least one of the two lists is not empty. */
export interface HeaderTokens {
  /** The bytes of every macaroon, in the order of the header; `decodeMacaroon` reads them. */
  readonly macaroons: readonly Uint8Array[]
  /** Every auth token as it was written, with its `fo1_`. */
  readonly authTokens: readonly string[]
}

export const maxHeaderLength = 65_536
export const maxTokens = 32

/**
 * Reads `[FlyV1|Bearer …] token[,token…]`, where a token is `fm2_`, `fm1r_` or `fm1a_` and standard base64 with padding,
 * or `fo1_` and 1 to 256 characters of A-Z a-z 0-9 _ -.
 *
 * The scheme may be missing, doubled or mixed and in any case. ASCII white space around elements is dropped, as flyctl
 * does; unlike Go's `macaroon.Parse`, auth tokens are handed back too, and base64 must be canonical.
 *
 * Throws MacaroonError with a TextErrorCode; the message names the element and never quotes it.
 */
export function parseAuthorization(header: string): HeaderTokens {
  return readTokens(header, (length) => new Uint8Array(length))
}

/** The same, with the bytes in arrays that `take` makes. */
export function readTokens(header: string, take: (length: number) => Uint8Array): HeaderTokens {
  if (header.length > maxHeaderLength) {
    throw new MacaroonError('too-long', `The header has ${header.length} characters; ${maxHeaderLength} are the limit`)
  }
  const end = skipSpaceBack(header, header.length, 0)
  const start = skipSchemes(header, end)
  if (start >= end) throw new MacaroonError('empty', 'The header carries no token')

  const macaroons: Uint8Array[] = []
  const authTokens: string[] = []
  let from = start
  for (let number = 1; from <= end; number += 1) {
    if (number > maxTokens) throw new MacaroonError('too-many', `The header carries more than ${maxTokens} tokens`)
    const comma = header.indexOf(',', from)
    const until = comma === -1 || comma > end ? end : comma
    const first = skipSpace(header, from, until)
    readElement(header, first, skipSpaceBack(header, until, first), number, take, macaroons, authTokens)
    from = until + 1
  }
  return { macaroons, authTokens }
}

/** `FlyV1 fm2_…,fm2_…` as Go's `ToAuthorizationHeader`. Throws `empty` for no tokens at all. */
export function formatAuthorization(macaroons: readonly Uint8Array[], authTokens: readonly string[] = []): string {
  return `FlyV1 ${formatTokens(macaroons, authTokens)}`
}

/** `fm2_…,fm2_…`: the same without the scheme. Throws `empty` for no tokens at all. */
export function formatTokens(macaroons: readonly Uint8Array[], authTokens: readonly string[] = []): string {
  const tokens = [...macaroons.map((bytes) => `fm2_${encodeBase64(bytes)}`), ...authTokens]
  if (tokens.length === 0) throw new MacaroonError('empty', 'There is no token to write')
  return tokens.join(',')
}

const macaroonPrefixes = ['fm2_', 'fm1r_', 'fm1a_']
const authTokenPrefix = 'fo1_'
const prefixes = [...macaroonPrefixes, authTokenPrefix]
/** In lower case and in upper case. */
const schemes = [
  ['flyv1', 'FLYV1'],
  ['bearer', 'BEARER'],
] as const

function readElement(
  header: string,
  start: number,
  end: number,
  number: number,
  take: (length: number) => Uint8Array,
  macaroons: Uint8Array[],
  authTokens: string[],
): void {
  const prefix = prefixAt(header, start)
  const content = start + (prefix?.length ?? 0)
  if (prefix === undefined || content >= end) throw refusePrefix(prefix, start, end, `Token ${number}`)
  if (prefix === authTokenPrefix) authTokens.push(readAuthToken(header, start, end, `Token ${number}`))
  // What is wrong with base64, if anything, is looked into only then.
  else
    macaroons.push(
      tryBase64(header, content, end, take) ?? refuseMacaroon(header, start, content, end, `Token ${number}`),
    )
}

function prefixAt(header: string, start: number): string | undefined {
  for (const prefix of prefixes) if (header.startsWith(prefix, start)) return prefix
  return undefined
}

function refusePrefix(prefix: string | undefined, start: number, end: number, what: string): MacaroonError {
  if (start >= end) return new MacaroonError('empty', `${what} is empty: there is a comma too many`)
  if (prefix !== undefined) return new MacaroonError('empty', `${what} has nothing behind its prefix ${prefix}`)
  return new MacaroonError('unknown-prefix', `${what} starts with none of ${prefixes.join(', ')}`)
}

/** Throws what is wrong with the base64 of a macaroon. */
function refuseMacaroon(header: string, start: number, content: number, end: number, what: string): Uint8Array {
  refuseSecondToken(header, start, content, end, what)
  const of = `The base64 of ${what.toLowerCase()}`
  try {
    return decodeBase64(header, content, end, of)
  } catch (error) {
    if (!(error instanceof MacaroonError) || error.code !== 'truncated') throw error
    // What is there in whole groups of four may still tell how much is missing.
    const begun = decodeBase64(header, content, end - ((end - content) % 4), of)
    const least = leastMacaroonLength(begun)
    if (least === undefined || least <= begun.length || least > maxHeaderLength) throw error
    const length = end - content + textLength(0)
    throw new MacaroonError(
      'truncated',
      `${what} is truncated: it has ${length} characters, and at least ${textLength(least)} were expected`,
    )
  }
}

function readAuthToken(header: string, start: number, end: number, what: string): string {
  const token = header.slice(start, end)
  if (/^fo1_[A-Za-z0-9_-]{1,256}$/.test(token)) return token
  refuseSecondToken(header, start, start + authTokenPrefix.length, end, what)
  throw new MacaroonError(
    'bad-base64',
    `${what} is an auth token, and those have 1 to 256 characters of A-Z a-z 0-9 _ - behind ${authTokenPrefix}`,
  )
}

function refuseSecondToken(header: string, start: number, content: number, end: number, what: string): void {
  for (const prefix of prefixes) {
    const at = header.indexOf(prefix, content)
    if (at !== -1 && at < end) {
      throw new MacaroonError(
        'missing-comma',
        `${what} holds a second token from its character ${at - start + 1} on: a comma is missing`,
      )
    }
  }
}

function skipSchemes(header: string, end: number): number {
  let at = skipSpace(header, 0, end)
  for (;;) {
    const length = schemeAt(header, at)
    if (length === 0) return at
    const behind = at + length
    if (behind < end && header.charAt(behind) !== ' ') return at
    at = skipSpace(header, behind, end)
  }
}

/** How long the scheme is that starts here; 0 where none does. */
function schemeAt(header: string, start: number): number {
  for (const [lower, upper] of schemes) {
    let i = 0
    while (i < lower.length && isEither(header.charCodeAt(start + i), lower, upper, i)) i += 1
    if (i === lower.length) return i
  }
  return 0
}

function isEither(code: number, lower: string, upper: string, at: number): boolean {
  return code === lower.charCodeAt(at) || code === upper.charCodeAt(at)
}

function skipSpace(text: string, from: number, end: number): number {
  let at = from
  while (at < end && isSpace(text.charCodeAt(at))) at += 1
  return at
}

function skipSpaceBack(text: string, from: number, start: number): number {
  let at = from
  while (at > start && isSpace(text.charCodeAt(at - 1))) at -= 1
  return at
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d
}
