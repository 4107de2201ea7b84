// The caveats of a token as JSON for answers.
import { type Caveat } from '@hallpass/macaroon'
import { decodeCaveats } from '@hallpass/macaroon/internal'
import { caveatsToJSON } from '@hallpass/macaroon/json'

/** One caveat. Its numbers keep all their digits when it is written. */
export interface CaveatJson {
  readonly type: string
  readonly body: unknown
}

/** The caveats of a record; null if it has none stored. */
export function describeRecordedCaveats(caveats: Uint8Array | null): CaveatJson[] | null {
  return caveats === null ? null : describeCaveats(decodeCaveats(caveats))
}

/** For a document that is written with `JSON.stringify`. */
export function describeCaveats(caveats: readonly Caveat[]): CaveatJson[] {
  const text = caveatsToJSON(caveats)
  // Most have no number that JavaScript would round, and a reviver makes parsing slow.
  return JSON.parse(text, /\d{16}/.test(text) ? (keepDigits as Reviver) : undefined) as CaveatJson[]
}

type Reviver = (name: string, value: unknown) => unknown

// ECMA-262 §25.5.3: restores the digits of a rounded number. TypeScript's library does not know it yet.
const exactly = JSON as typeof JSON & { rawJSON(text: string): unknown }

function keepDigits(_name: string, value: unknown, { source }: { readonly source?: string }): unknown {
  return typeof value === 'number' && source !== undefined && !Number.isSafeInteger(value)
    ? exactly.rawJSON(source)
    : value
}
