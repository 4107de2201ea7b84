/** Standard base64 with padding, strictly: every byte string has exactly one spelling here. */

import { MacaroonError } from './errors.ts'

/**
 * The bytes of `text[start..end)`.
 *
 * Throws `bad-base64` naming the character (counted from 1 within the range), or `truncated` where the length is not a
 * multiple of four. `what` names the thing in messages, for instance "The base64 of token 2".
 */
export function decodeBase64(text: string, start: number, end: number, what: string): Uint8Array {
  const bytes = tryBase64(text, start, end, (length) => new Uint8Array(length))
  if (bytes === undefined) throw explain(text, start, end, what)
  return bytes
}

/** The same in an array that `take` makes, but undefined where `decodeBase64` would throw. */
export function tryBase64(
  text: string,
  start: number,
  end: number,
  take: (length: number) => Uint8Array,
): Uint8Array | undefined {
  const length = end - start
  if (length % 4 !== 0) return undefined
  const bytes = take((length / 4) * 3 - countPadding(text, start, end))
  return fill(bytes, text, start, end) ? bytes : undefined
}

/** The one spelling of these bytes. */
export function encodeBase64(bytes: Uint8Array): string {
  return knowsBase64(bytes) ? bytes.toBase64() : encodeByTable(bytes)
}

/** For engines that know no base64: false where `text[start..end)` is not the spelling of bytes of that length. */
export function fillByTable(bytes: Uint8Array, text: string, start: number, end: number): boolean {
  const padding = countPadding(text, start, end)
  const digits = end - padding
  let wrong = 0
  let out = 0
  for (let at = start; at < digits; at += 4) {
    const c = at + 2 < digits ? valueAt(text, at + 2) : 0
    const d = at + 3 < digits ? valueAt(text, at + 3) : 0
    const a = valueAt(text, at)
    const b = valueAt(text, at + 1)
    wrong |= a | b | c | d
    bytes[out++] = (a << 2) | (b >> 4)
    if (at + 2 < digits) bytes[out++] = (b << 4) | (c >> 2)
    else wrong |= (b & 15) << 6
    if (at + 3 < digits) bytes[out++] = (c << 6) | d
    else wrong |= (c & 3) << 6
  }
  return wrong < 64
}

/** For engines that know no base64. */
export function encodeByTable(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const a = bytes[at] ?? 0
    const b = bytes[at + 1]
    const c = bytes[at + 2]
    text += letter(a >> 2) + letter(((a & 3) << 4) | ((b ?? 0) >> 4))
    text += b === undefined ? '=' : letter(((b & 15) << 2) | ((c ?? 0) >> 6))
    text += c === undefined ? '=' : letter(c & 63)
  }
  return text
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const invalid = 255
const values = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = alphabet.indexOf(String.fromCharCode(code))
  return value === -1 ? invalid : value
})

/** What newer engines can do with bytes. */
interface Base64Bytes extends Uint8Array {
  setFromBase64(text: string, options: { lastChunkHandling: 'strict' }): { read: number; written: number }
  toBase64(): string
}

function knowsBase64(bytes: Uint8Array): bytes is Base64Bytes {
  return 'setFromBase64' in bytes
}

/** False where `text[start..end)` is not the spelling of bytes of that length. */
function fill(bytes: Uint8Array, text: string, start: number, end: number): boolean {
  return knowsBase64(bytes) ? fillByEngine(bytes, text.slice(start, end)) : fillByTable(bytes, text, start, end)
}

function fillByEngine(bytes: Base64Bytes, text: string): boolean {
  try {
    const { read, written } = bytes.setFromBase64(text, strictly)
    // Engines pass over white space, which makes fewer bytes of the text than its length promises.
    return read === text.length && written === bytes.length
  } catch {
    return false
  }
}

const strictly = { lastChunkHandling: 'strict' } as const

function explain(text: string, start: number, end: number, what: string): MacaroonError {
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

function letter(value: number): string {
  return alphabet.charAt(value)
}

function countPadding(text: string, start: number, end: number): number {
  if (end - start < 4 || text.charAt(end - 1) !== '=') return 0
  return text.charAt(end - 2) === '=' ? 2 : 1
}
