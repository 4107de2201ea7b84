// Cursors: opaque to callers, and read back strictly.
import type { TokenCursor } from '../../domain/token.ts'
import { InvalidInput } from './errors.ts'

export function encodeTokenCursor({ expiresAt, id }: TokenCursor): string {
  return encode(`t.${expiresAt}.${id}`)
}

/** @throws InvalidInput where the text is not a cursor of a token list */
export function decodeTokenCursor(text: string): TokenCursor {
  const match = /^t\.(\d{1,15})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(decode(text))
  if (match?.[1] === undefined || match[2] === undefined)
    throw new InvalidInput('cursor is not one of this list', 'cursor')
  return { expiresAt: Number(match[1]), id: match[2] }
}

export function encodeEventCursor(id: number): string {
  return encode(`e.${id}`)
}

/** @throws InvalidInput where the text is not a cursor of an audit list */
export function decodeEventCursor(text: string): number {
  const match = /^e\.(\d{1,15})$/.exec(decode(text))
  if (match?.[1] === undefined) throw new InvalidInput('cursor is not one of this list', 'cursor')
  return Number(match[1])
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}

function decode(text: string): string {
  return Buffer.from(text, 'base64url').toString('latin1')
}
