// The caveats of a token as JSON for answers.
import { type Caveat } from '@hallpass/macaroon'
import { caveatBytesToValue, caveatsToValue, type JsonValue } from '@hallpass/macaroon/internal'

/** One caveat. Its numbers keep all their digits when it is written. */
export interface CaveatJson {
  readonly type: string
  readonly body: unknown
}

/** The caveats of a record; null if it has none stored. */
export function describeRecordedCaveats(caveats: Uint8Array | null): CaveatJson[] | null {
  return caveats === null ? null : (forStringify(caveatBytesToValue(caveats)) as CaveatJson[])
}

/** For a document that is written with `JSON.stringify`. */
export function describeCaveats(caveats: readonly Caveat[]): CaveatJson[] {
  return forStringify(caveatsToValue(caveats)) as CaveatJson[]
}

// ECMA-262 §25.5.3. TypeScript's library does not know it yet.
const exactly = JSON as typeof JSON & { rawJSON(text: string): unknown }

function forStringify(value: JsonValue): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : exactly.rawJSON(String(value))
  }
  if (value instanceof Map) {
    const fields: Record<string, unknown> = {}
    for (const [name, field] of value) {
      // A machine may be called __proto__. Where none is, V8 makes and writes the object in a third of the time.
      if (name === '__proto__') Object.defineProperty(fields, name, { value: forStringify(field), enumerable: true })
      else fields[name] = forStringify(field)
    }
    return fields
  }
  return Array.isArray(value) ? value.map(forStringify) : value
}
