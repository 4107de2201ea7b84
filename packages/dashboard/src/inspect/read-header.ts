// Reads a pasted header, in the page: its tokens, what each allows, and what is damaged.
import { describeNoToken, unwrapToken } from '@hallpass/client/pasted-token'
import {
  attenuate,
  expiration,
  formatAuthorization,
  type Macaroon,
  MacaroonError,
  parseBundle,
  permissionLocation,
  ticketsOf,
  tokenId,
  type Caveat,
} from '@hallpass/macaroon'
import { caveatsWith } from '@hallpass/macaroon/internal'
import { explain, type Explanation } from '@hallpass/macaroon/explain'
import { caveatsToJSON } from '@hallpass/macaroon/json'

import { printable } from '@hallpass/client/visible-text'

/** The texts of a token are chosen by its maker, so invisible characters are written out. */
export interface ReadToken {
  /** Its place among those that were read: the same token may come twice. */
  readonly position: number
  readonly macaroon: Macaroon
  readonly id: string
  readonly location: string
  /** Hexadecimal. */
  readonly keyId: string
  readonly isDischarge: boolean
  /** How many discharges came with it. */
  readonly discharges: number
  /** Third parties whose discharges are missing. */
  readonly missing: readonly string[]
  /** What it allows. */
  readonly tables: Explanation['tables']
  readonly conditions: readonly string[]
  /** The JSON of each of its own caveats, and what it demands. */
  readonly caveats: readonly { readonly json: string; readonly words: string }[]
}

export interface ReadHeader {
  readonly tokens: readonly ReadToken[]
  /** In sentences. */
  readonly damaged: readonly string[]
  readonly authTokens: number
}

/**
 * @param now Unix seconds
 * @returns what the text carries, or a sentence that says what is wrong with it as a whole
 */
export function readHeader(text: string, now: number): ReadHeader | string {
  const problem = describeNoToken(text)
  if (problem !== undefined) return `This ${problem}.`
  try {
    const { permissions, discharges, damaged, authTokens, leftOut } = parseBundle(unwrapToken(text), {
      location: permissionLocation,
    })
    return {
      tokens: [
        ...permissions.map(({ macaroon, discharges: answers }) => readToken(macaroon, answers, false, now)),
        ...discharges.map((macaroon) => readToken(macaroon, [], true, now)),
      ].map((token, position) => ({ ...token, position })),
      damaged: [
        ...damaged.map(({ index, error }) => `Macaroon ${index + 1} is damaged: ${error.message}.`),
        ...leftOut.map(({ error }) => `A part of the text was left out: ${error.message}.`),
      ],
      authTokens: authTokens.length,
    }
  } catch (error) {
    if (error instanceof MacaroonError) return `${error.message}.`
    throw error
  }
}

/**
 * The header with every permission token narrowed by these caveats, and the discharges that have not ended.
 * @param now Unix seconds
 * @throws MacaroonError where a token takes no more caveats
 */
export function narrowHeader(header: ReadHeader, caveats: readonly Caveat[], now: number): string {
  const kept = header.tokens.filter(
    ({ macaroon, isDischarge }) => !isDischarge || Number(expiration(macaroon.unsafeCaveats) ?? now) >= now,
  )
  return formatAuthorization(
    kept.map(({ macaroon, isDischarge }) => (isDischarge ? macaroon.bytes : attenuate(macaroon, [...caveats]).bytes)),
  )
}

function readToken(
  macaroon: Macaroon,
  discharges: readonly Macaroon[],
  isDischarge: boolean,
  now: number,
): Omit<ReadToken, 'position'> {
  const { nonce, location, unsafeCaveats } = macaroon
  const { caveats: words } = explain(unsafeCaveats, { now })
  const explanation = explain(caveatsWith(macaroon, discharges, now), { now })
  return {
    macaroon,
    id: tokenId(nonce),
    location: printable(location),
    keyId: Array.from(nonce.kid.slice(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join(''),
    isDischarge,
    discharges: discharges.length,
    missing: isDischarge ? [] : [...ticketsOf(macaroon, discharges).keys()].map(printable),
    tables: explanation.tables.map(({ where, rows, notes }) => ({
      where: printable(where),
      rows: rows.map(({ what, actions }) => ({ what: printable(what), actions })),
      notes,
    })),
    conditions: explanation.conditions.map(printable),
    caveats: unsafeCaveats.map((caveat, index) => ({
      json: printable(caveatsToJSON([caveat]).slice(1, -1)),
      words: printable(words[index] ?? ''),
    })),
  }
}
