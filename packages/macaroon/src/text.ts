/** The text of an Authorization header into token bytes and back: the only parser of that text there is. */

import { append } from './append.ts'
import { decodeBase64, encodeBase64, refuseBase64, fillBase64, lengthOfBase64 } from './base64.ts'
import { badArgument, expectText, takeBytes, takeList } from './boundary.ts'
import { MacaroonError } from './errors.ts'
import { expectMacaroon, Macaroon } from './macaroon.ts'
import { leastMacaroonLength, textLength } from './truncation.ts'

/** What one header carries. There is at least one token. */
export interface HeaderTokens {
  /** The bytes of every macaroon, in the order of the header; `decodeMacaroon` reads them. */
  readonly macaroons: readonly Uint8Array[]
  /** Every auth token as it was written, with its `fo1_`. */
  readonly authTokens: readonly string[]
  /** The elements that are no tokens, in their order: they count for nothing, and the rest counts all the same. */
  readonly leftOut: readonly LeftOut[]
}

/** Where an element of a header stands that was left out, and why. What it said is not here. */
export interface LeftOut {
  /** Counted from 1, as the message counts it. */
  readonly position: number
  /** With a TextErrorCode. */
  readonly error: MacaroonError
}

export const maxHeaderLength = 65_536
/** flyctl sends one for each organization that a person is in. */
export const maxTokens = 256

/**
 * Reads `[FlyV1|Bearer …] token[,token…]`, where a token is `fm2_`, `fm1r_` or `fm1a_` and standard base64 with padding,
 * or `fo1_` and 1 to 256 characters of A-Z a-z 0-9 _ -.
 *
 * The scheme may be missing, doubled or mixed and in any case. ASCII white space around elements is dropped, as flyctl
 * does; unlike Go's `macaroon.Parse`, auth tokens are handed back too, and base64 must be canonical. As Go's
 * `bundle.ParseBundle`, it keeps the tokens beside an element that is none.
 *
 * Throws MacaroonError `bad-argument` for what is no text, `too-long`, `too-many`, and what is wrong with the first
 * element where there is no token at all; the message names the element and never quotes it.
 */
export function parseAuthorization(header: string): HeaderTokens {
  return readTokens(header, tryBase64)
}

/** The same, with what `read` makes of the base64 of each macaroon; undefined where that is none. */
export function readTokens<Made extends object>(header: string, read: ReadBase64<Made>): TokensOf<Made> {
  if (expectText(header, 'header').length > maxHeaderLength) {
    throw new MacaroonError('too-long', `The header has ${header.length} characters; ${maxHeaderLength} are the limit`)
  }
  const end = skipSpaceBack(header, header.length, 0)
  const start = skipSchemes(header, end)
  if (start >= end) throw new MacaroonError('empty', 'The header carries no token')

  let macaroons: readonly Made[] = []
  let authTokens: readonly string[] = []
  let leftOut: readonly LeftOut[] = []
  let from = start
  for (let number = 1; from <= end; number += 1) {
    if (number > maxTokens) throw new MacaroonError('too-many', `The header carries more than ${maxTokens} tokens`)
    const comma = header.indexOf(',', from)
    const until = comma === -1 || comma > end ? end : comma
    const first = skipSpace(header, from, until)
    const token = readElement(header, first, skipSpaceBack(header, until, first), number, read)
    if (typeof token === 'string') authTokens = append(authTokens, token)
    else if (typeof token === 'function') leftOut = append(leftOut, new Omission(number, token))
    else macaroons = append(macaroons, token)
    from = until + 1
  }
  if (leftOut[0] !== undefined && macaroons.length + authTokens.length === 0) throw leftOut[0].error
  return { macaroons, authTokens, leftOut }
}

/** `FlyV1 fm2_…,fm2_…` as Go's `ToAuthorizationHeader`. Throws `empty` for no tokens at all. */
export function formatAuthorization(macaroons: readonly Uint8Array[], authTokens: readonly string[] = []): string {
  return `FlyV1 ${formatTokens(macaroons, authTokens)}`
}

/** The same for one macaroon, of whose bytes no copies are made. */
export function authorizationOf(macaroon: Macaroon): string {
  return `FlyV1 fm2_${encodeBase64(Macaroon.wireOf(expectMacaroon(macaroon, 'macaroon')).own())}`
}

/** `fm2_…,fm2_…`: the same without the scheme. Throws `empty` for no tokens at all. */
export function formatTokens(macaroons: readonly Uint8Array[], authTokens: readonly string[] = []): string {
  const tokens = [
    ...takeList(macaroons, 'macaroons', (bytes, name) => `fm2_${encodeBase64(takeBytes(bytes, name))}`),
    ...takeList(authTokens, 'authTokens', expectAuthToken),
  ]
  if (tokens.length === 0) throw new MacaroonError('empty', 'There is no token to write')
  return tokens.join(',')
}

type ReadBase64<Made> = (text: string, start: number, end: number) => Made | undefined
interface TokensOf<Made> extends Omit<HeaderTokens, 'macaroons'> {
  readonly macaroons: readonly Made[]
}

function tryBase64(text: string, start: number, end: number): Uint8Array | undefined {
  const length = lengthOfBase64(text, start, end)
  const bytes = new Uint8Array(length ?? 0)
  return length !== undefined && fillBase64(bytes, length, text, start, end) ? bytes : undefined
}

const macaroonPrefixes = ['fm2_', 'fm1r_', 'fm1a_']
const authTokenPrefix = 'fo1_'
const authTokenForm = /^fo1_[A-Za-z0-9_-]{1,256}$/
const prefixes = [...macaroonPrefixes, authTokenPrefix]
/** What shells, files and logs put where a token should begin. */
const strays: ReadonlyMap<string, string> = new Map([
  ['"', ', but with a quotation mark'],
  ["'", ', but with a quotation mark'],
  ['{', ': it is JSON'],
  ['*', ': something has hidden it behind ***'],
  ['$', ', but with a $ that no shell has replaced'],
])
/** In any case. */
const schemes = ['flyv1', 'bearer']

/** The error is made on demand: most callers read the first of dozens. */
class Omission implements LeftOut {
  readonly position: number
  readonly #describe: () => MacaroonError
  #error: MacaroonError | undefined

  constructor(position: number, describe: () => MacaroonError) {
    this.position = position
    this.#describe = describe
  }

  get error(): MacaroonError {
    return (this.#error ??= this.#describe())
  }
}

/** The token that stands there, or a function that makes the error. */
function readElement<Made extends object>(
  header: string,
  start: number,
  end: number,
  number: number,
  read: ReadBase64<Made>,
): Made | string | (() => MacaroonError) {
  const what = `Token ${number}`
  const prefix = prefixAt(header, start)
  const content = start + (prefix?.length ?? 0)
  if (prefix === undefined || content >= end) return () => refusePrefix(header, prefix, start, end, what)
  if (prefix === authTokenPrefix) return readAuthToken(header, start, end, what)
  // The fault of base64 is looked for only then.
  return read(header, content, end) ?? (() => refuseMacaroon(header, start, content, end, what))
}

function prefixAt(header: string, start: number): string | undefined {
  for (const prefix of prefixes) if (isAt(header, start, prefix)) return prefix
  return undefined
}

/** What `startsWith` does, without a call: these texts are short. */
function isAt(header: string, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (header.charCodeAt(start + i) !== text.charCodeAt(i)) return false
  return true
}

function refusePrefix(
  header: string,
  prefix: string | undefined,
  start: number,
  end: number,
  what: string,
): MacaroonError {
  if (start >= end) return new MacaroonError('empty', `${what} is empty: there is a comma too many`)
  if (prefix !== undefined) return new MacaroonError('empty', `${what} has nothing behind its prefix ${prefix}`)
  const stray = strays.get(header.charAt(start)) ?? ''
  return new MacaroonError('unknown-prefix', `${what} starts with none of ${prefixes.join(', ')}${stray}`)
}

/** What is wrong with the base64 of a macaroon. */
function refuseMacaroon(header: string, start: number, content: number, end: number, what: string): MacaroonError {
  const second = refuseSecondToken(header, start, content, end, what)
  if (second !== undefined) return second
  const error = refuseBase64(header, content, end, `The base64 of ${what.toLowerCase()}`)
  if (error.code !== 'truncated') return error
  // What is there in whole groups of four may still tell how much is missing.
  const begun = decodeBase64(header, content, end - ((end - content) % 4), what)
  const least = leastMacaroonLength(begun)
  if (least === undefined || least <= begun.length || least > maxHeaderLength) return error
  const length = end - content + textLength(0)
  return new MacaroonError(
    'truncated',
    `${what} is truncated: it has ${length} characters, and at least ${textLength(least)} were expected`,
  )
}

function readAuthToken(header: string, start: number, end: number, what: string): string | (() => MacaroonError) {
  const token = header.slice(start, end)
  if (authTokenForm.test(token)) return token
  return () =>
    refuseSecondToken(header, start, start + authTokenPrefix.length, end, what) ??
    new MacaroonError(
      'bad-base64',
      `${what} is an auth token, and those have 1 to 256 characters of A-Z a-z 0-9 _ - behind ${authTokenPrefix}`,
    )
}

/** Not more than one, and no other kind of token. */
function expectAuthToken(token: unknown, name: string): string {
  if (typeof token === 'string' && authTokenForm.test(token)) return token
  throw badArgument(name, 'an auth token')
}

function refuseSecondToken(
  header: string,
  start: number,
  content: number,
  end: number,
  what: string,
): MacaroonError | undefined {
  // In this element alone: to search the rest of the header for each element would take long.
  const text = header.slice(content, end)
  for (const prefix of prefixes) {
    const at = text.indexOf(prefix)
    if (at !== -1) {
      return new MacaroonError(
        'missing-comma',
        `${what} holds a second token from its character ${content + at - start + 1} on: a comma is missing`,
      )
    }
  }
  return undefined
}

function skipSchemes(header: string, end: number): number {
  let at = skipSpace(header, 0, end)
  for (;;) {
    const length = schemeAt(header, at)
    if (length === 0) return at
    const behind = at + length
    if (behind < end && header.charCodeAt(behind) !== 0x20) return at
    at = skipSpace(header, behind, end)
  }
}

/** How long the scheme is that starts here; 0 where none does. */
function schemeAt(header: string, start: number): number {
  for (const scheme of schemes) {
    let i = 0
    while (i < scheme.length && toLowerCase(header.charCodeAt(start + i)) === scheme.charCodeAt(i)) i += 1
    if (i === scheme.length) return i
  }
  return 0
}

/** Of the letters of ASCII and no others. */
function toLowerCase(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code
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
