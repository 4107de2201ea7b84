// What the lists of tokens filter by, and the conditions for it.
import { sql, type RawBuilder, type SqlBool } from 'kysely'

import { nameKey, type TokenFilter, type TokenQuery } from '../domain/token.ts'
import type { Param } from './query.ts'
import { parseTokenId } from './token-id.ts'

export interface FilterParameters {
  readonly now: number
  readonly endsBy: number
  /** Part of the key of the name. */
  readonly part: string
  /** The first and the last id that a search means; none is between them if it means no id. */
  readonly firstId: Uint8Array
  readonly lastId: Uint8Array
  /** Empty for all. */
  readonly profile: string
  /** 0 for everybody. */
  readonly createdBy: number
  /** The highest value of `is_approved`: 0 for those that are not. */
  readonly approved: number
}

export function filterOf({ now, search, endsBy, profile, createdBy, isPending }: TokenFilter): FilterParameters {
  const ids = idsOf(search)
  return {
    now,
    endsBy: endsBy ?? Number.MAX_SAFE_INTEGER,
    part: nameKey(search),
    firstId: ids?.first ?? lastOfAll,
    lastId: ids?.last ?? firstOfAll,
    profile: profile ?? '',
    createdBy: createdBy ?? 0,
    approved: isPending === true ? 0 : 1,
  }
}

const [firstOfAll, lastOfAll] = [0x00, 0xff].map((byte) => new Uint8Array(17).fill(byte)) as [Uint8Array, Uint8Array]

/** The ids that begin with these digits: with eight or more, only a few do among all tokens of an authority. */
function idsOf(search: string): { readonly first: Uint8Array; readonly last: Uint8Array } | undefined {
  const digits = search.trim().replaceAll('-', '')
  if (!/^[0-9a-f]{8,32}$/i.test(digits)) return undefined
  const [first, last] = ['0', 'f'].map((digit) => parseTokenId(withHyphens(digits.padEnd(32, digit))))
  return first && last && { first, last }
}

function withHyphens(digits: string): string {
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Whether the search finds the name or the id. It scans the bytes once in both engines; LIKE would restart its pattern at each letter. */
export function isFound(param: Param<FilterParameters>): RawBuilder<SqlBool> {
  return sql<SqlBool>`(replace(tokens.name_key, ${param('part')}, '') <> tokens.name_key
    or (tokens.id >= ${param('firstId')} and tokens.id <= ${param('lastId')}))`
}

/** Undefined where every token is. */
export function isInState(param: Param<FilterParameters>, state: TokenQuery['state']): RawBuilder<SqlBool> | undefined {
  if (state === 'revoked') return sql<SqlBool>`tokens.revoked_at is not null`
  if (state === 'expired') return sql<SqlBool>`tokens.revoked_at is null and tokens.expires_at <= ${param('now')}`
  if (state === 'all') return undefined
  return sql<SqlBool>`tokens.revoked_at is null
    and tokens.expires_at > ${param('now')} and tokens.expires_at <= ${param('endsBy')}`
}
