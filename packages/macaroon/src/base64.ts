/** Standard base64 with padding, strictly: every byte string has exactly one spelling here. */

import { MacaroonError } from './errors.ts'

/**
 * The bytes of `text[start..end)`.
 *
 * Throws `bad-base64` naming the character (counted from 1 within the range), or `truncated` where the length is not a
 * multiple of four. `what` names the thing in messages, for instance "The base64 of token 2".
 */
export function decodeBase64(text: string, start: number, end: number, what: string): Uint8Array {
  const length = lengthOfBase64(text, start, end)
  const bytes = new Uint8Array(length ?? 0)
  if (length === undefined || !fillBase64(bytes, length, text, start, end)) throw refuseBase64(text, start, end, what)
  return bytes
}

/** How many bytes `text[start..end)` spells, if it spells any; undefined where its length cannot be that of base64. */
export function lengthOfBase64(text: string, start: number, end: number): number | undefined {
  return (end - start) % 4 === 0 ? ((end - start) / 4) * 3 - countPadding(text, start, end) : undefined
}

/**
 * Decodes `text[start..end)`, which spells `length` bytes if any, to the beginning of `bytes`, which has room for them.
 * False where it is not the one spelling of any bytes.
 */
export function fillBase64(bytes: Uint8Array, length: number, text: string, start: number, end: number): boolean {
  const range = text.slice(start, end)
  const fill = knowsBase64(bytes) ? fillByEngine(bytes, length, range) : fillByText(bytes, length, range)
  return fill && !hasIdleBits(text, end, countPadding(text, start, end))
}

/** The one spelling of these bytes. */
export function encodeBase64(bytes: Uint8Array): string {
  return knowsBase64(bytes) ? bytes.toBase64() : encodeByText(bytes)
}

/** For engines that know no base64 of bytes: false where the text is not the spelling of `length` of them. */
export function fillByText(bytes: Uint8Array, length: number, text: string): boolean {
  try {
    const characters = atob(text)
    for (let i = 0; i < characters.length; i += 1) bytes[i] = characters.charCodeAt(i)
    return characters.length === length
  } catch {
    return false
  }
}

/** For engines that know no base64 of bytes. */
export function encodeByText(bytes: Uint8Array): string {
  let characters = ''
  for (const byte of bytes) characters += String.fromCharCode(byte)
  return btoa(characters)
}

// Every browser, worker and Node has them; the libraries of TypeScript that are the same everywhere do not.
declare function atob(text: string): string
declare function btoa(characters: string): string

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const invalid = 255
/** The character =. */
const pad = 0x3d
const values = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = alphabet.indexOf(String.fromCharCode(code))
  return value === -1 ? invalid : value
})

/** What newer engines can do with bytes. */
interface Base64Bytes extends Uint8Array {
  setFromBase64(text: string): { read: number; written: number }
  toBase64(): string
}

/** Asked once: it takes a while. */
const isBase64Known = 'setFromBase64' in Uint8Array.prototype

function knowsBase64(_bytes: Uint8Array): _bytes is Base64Bytes {
  return isBase64Known
}

function fillByEngine(bytes: Base64Bytes, length: number, text: string): boolean {
  try {
    const { read, written } = bytes.setFromBase64(text)
    // Engines accept white space and missing padding; then they make another number of bytes than the length says.
    return read === text.length && written === length
  } catch {
    return false
  }
}

/** Engines have an option that checks these bits, which takes longer than to check them here. */
function hasIdleBits(text: string, end: number, padding: number): boolean {
  return padding > 0 && (valueAt(text, end - padding - 1) & (padding === 1 ? 3 : 15)) !== 0
}

/** What is wrong with this base64. */
export function refuseBase64(text: string, start: number, end: number, what: string): MacaroonError {
  const digits = end - countPadding(text, start, end)
  for (let at = start; at < digits; at += 1) {
    if (valueAt(text, at) === invalid) {
      return new MacaroonError('bad-base64', `${what}: character ${at - start + 1} does not belong to standard base64`)
    }
  }
  if ((end - start) % 4 !== 0) {
    return new MacaroonError(
      'truncated',
      `${what} has ${end - start} characters, which is not a multiple of 4: its end is most likely missing`,
    )
  }
  return new MacaroonError(
    'bad-base64',
    `${what}: the last character before the padding (character ${digits - start}) has bits that mean nothing`,
  )
}

function valueAt(text: string, at: number): number {
  return values[text.charCodeAt(at)] ?? invalid
}

function countPadding(text: string, start: number, end: number): number {
  if (end - start < 4 || text.charCodeAt(end - 1) !== pad) return 0
  return text.charCodeAt(end - 2) === pad ? 2 : 1
}
