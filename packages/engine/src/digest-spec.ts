// Says whether two specs of a run are the same.
import { createHash } from 'node:crypto'

import type { RunSpec } from './engine.ts'

/** The same for the same spec, in whatever order its keys come. */
export function digestOf(spec: RunSpec): string {
  const text = JSON.stringify(spec, (_key, value: unknown) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    return Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)))
  })
  return createHash('sha256').update(text).digest('hex')
}
