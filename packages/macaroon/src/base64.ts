/** Standard base64 with padding, strictly: every byte string has exactly one spelling here. */

import { MacaroonError } from './errors.ts'

/**
 * The bytes of `text[start..end)`.
 *
 * Throws `bad-base64` naming the character (counted from 1 within the range), or `truncated` where the length is not a
 * multiple of four. `what` names the thing in messages, for instance "The base64 of token 2".
 */
export function decodeBase64(text: string, start: number, end: number, what: string): Uint8Array {
  const padding = countPadding(text, start, end)
  const digits = end - padding
  for (let at = start; at < digits; at += 1) {
    if (valueAt(text, at) === invalid) throw badCharacter(what, at - start + 1)
  }
  if ((end - start) % 4 !== 0) {
    throw new MacaroonError(
      'truncated',
      `${what} has ${end - start} characters, which is not a multiple of 4: its end is most likely missing`,
    )
  }
  const bytes = new Uint8Array(((end - start) / 4) * 3 - padding)
  let out = 0
  for (let at = start; at < digits; at += 4) {
    const a = valueAt(text, at)
    const b = valueAt(text, at + 1)
    const c = at + 2 < digits ? valueAt(text, at + 2) : 0
    const d = at + 3 < digits ? valueAt(text, at + 3) : 0
    if (at + 2 >= digits ? (b & 15) !== 0 : at + 3 >= digits && (c & 3) !== 0) {
      throw new MacaroonError(
        'bad-base64',
        `${what}: the last character before the padding (character ${digits - start}) has bits that mean nothing`,
      )
    }
    bytes[out++] = (a << 2) | (b >> 4)
    if (at + 2 < digits) bytes[out++] = ((b & 15) << 4) | (c >> 2)
    if (at + 3 < digits) bytes[out++] = ((c & 3) << 6) | d
  }
  return bytes
}

/** The one spelling of these bytes. */
export function encodeBase64(bytes: Uint8Array): string {
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

function badCharacter(what: string, position: number): MacaroonError {
  return new MacaroonError('bad-base64', `${what}: character ${position} does not belong to standard base64`)
}
