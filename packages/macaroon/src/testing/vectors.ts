/** For tests: the spellings that the language-neutral vectors use. */

import type { Access } from '../access.ts'
import { decodeBase64 } from '../base64.ts'
import type { Clearance } from '../clear.ts'
import type { DischargeAccess } from '../discharge-access.ts'
import type { JsonValue } from '../json.ts'
import type { Random } from '../random.ts'

/** An access as the vectors spell it: see interop/go/access.go and asked.go. */
export type WrittenAccess = Omit<Access, 'action' | 'now' | 'type'> & {
  readonly action: bigint
  readonly now: bigint | number
  readonly discharge?: Omit<DischargeAccess, 'type' | 'now'>
}

export function readAccess({ discharge, ...written }: WrittenAccess): Access | DischargeAccess {
  if (discharge !== undefined) return { ...discharge, type: 'discharge', now: written.now }
  return { ...written, action: Number(written.action) }
}

/** The same the other way round, as far as Go can read it. */
export function writeAccess(access: Access | DischargeAccess): object {
  if (access.type !== 'discharge') return access
  const { now, expiry, flyio, google, gitHub } = access
  return { action: 0, now, discharge: { expiry, flyio, google: google?.map(({ hd }) => ({ hd })), gitHub } }
}

/** Any JSON as plain objects, with bigint for whole numbers. */
export function plain(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, field]) => [name, plain(field)]))
  return value
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

export function toHex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function fromBase64(text: string): Uint8Array {
  return decodeBase64(text, 0, text.length, 'The vector')
}

/** Randomness that is known beforehand: these bytes in order, and no more. */
export function replay(bytes: Uint8Array): Random {
  let at = 0
  return (length) => bytes.slice(at, (at += length))
}

/** Bytes that are never twice the same, for what must be random in earnest. */
export function countUp(): Random {
  let count = 0
  return (length) => {
    const bytes = new Uint8Array(length)
    new DataView(bytes.buffer).setUint32(0, (count += 1))
    return bytes
  }
}

/** In the words of the vectors: see interop/go/access.go. */
export function describeClearance(clearance: Clearance): string {
  if (clearance.allowed) return ''
  return clearance.denials.map(({ index, kind }) => (index === -1 ? 'access' : `${index}:${kind}`)).join(' ')
}

/** Whether a clearance comes to the same result as a verdict of Go, caveat by caveat. */
export function agrees(clearance: Clearance, verdict: string): boolean {
  const ours = describeClearance(clearance).split(' ')
  const theirs = verdict.split(' ')
  return (
    ours.length === theirs.length &&
    ours.every((word, i) => {
      const [index, kinds = ''] = (theirs[i] ?? '').split(':')
      const [ourIndex, kind = ''] = word.split(':')
      // Where an IfPresent has several reasons, Go's error is all of them at once, and ours is the first.
      return ourIndex === index && kinds.split('|').includes(kind)
    })
  )
}
