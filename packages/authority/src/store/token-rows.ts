// Converts rows of tokens to tokens.
import { setImmediate as nextTurn } from 'node:timers/promises'

import { countEncoded } from '../domain/derived-token.ts'
import type { Page } from '../domain/page.ts'
import { placeOf, type ListedToken, type SignedRecord, type TokenQuery, type TokenRecord } from '../domain/token.ts'
import { findRevocationAbove, maybeDead } from './descent.ts'
import { findDeletionOfApp } from './leftovers.ts'
import { headOfCaveats } from './long-caveats.ts'
import type { QuerySession } from './query.ts'
import { findRevocationOfOrganisation } from './revoked-organisations.ts'
import { formatTokenId } from './token-id.ts'
import { creatorColumns } from './users.ts'
import { toTokenUse, useColumns, type UseRow } from './uses.ts'

/** A token as stored, with ids as bytes. */
export type Stored<Token extends TokenRecord> = Omit<Token, 'id' | 'isApproved' | IdName> & {
  readonly id: Uint8Array
  readonly isApproved: number
} & {
  readonly [Name in IdName & keyof Token]: Uint8Array | null
}

type IdName = 'mintedBy' | 'successorId' | 'predecessorId'

/** A found token. `maybeDead` is set if an ancestor, its app or its organisation may have been revoked. */
export type Found<Token extends TokenRecord> = Stored<Token> & { readonly maybeDead: number | null }

/** A found token of a list. */
export type FoundListed = Found<Omit<ListedToken, 'lastUse'>> & UseRow

export const recordColumns = [
  'tokens.id',
  'tokens.organisation_id as organisationId',
  'tokens.app_id as appId',
  'tokens.profile',
  'tokens.name',
  'tokens.created_by as createdBy',
  'tokens.minted_by as mintedBy',
  'tokens.created_at as createdAt',
  'tokens.expires_at as expiresAt',
  'tokens.revoked_at as revokedAt',
  'tokens.revoked_by as revokedBy',
  'tokens.successor_id as successorId',
  'tokens.machine_id as machineId',
  'tokens.is_approved as isApproved',
  maybeDead,
] as const

/** What every request looks up. */
export const signedColumns = [...recordColumns, 'tokens.revoked_derived as revokedDerived', headOfCaveats] as const

/** The columns of a list except the caveats. The look-up of every request uses fewer. */
export const listedColumns = [
  ...recordColumns,
  ...creatorColumns,
  'tokens.predecessor_id as predecessorId',
  'apps.name as appName',
  ...useColumns,
] as const

/** The token; revoked if an ancestor or its whole organisation is revoked, or its app is deleted. */
export async function toRecord(session: QuerySession, row: Found<TokenRecord>): Promise<TokenRecord> {
  const above = row.maybeDead === null ? undefined : await findRevocation(session, row)
  // Field by field, because rows of node:sqlite are slow to spread, and a page has many.
  return {
    id: formatTokenId(row.id),
    organisationId: row.organisationId,
    appId: row.appId,
    profile: row.profile,
    name: row.name,
    createdBy: row.createdBy,
    mintedBy: row.mintedBy && formatTokenId(row.mintedBy),
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    revokedAt: above?.revokedAt ?? row.revokedAt,
    revokedBy: above?.revokedBy ?? row.revokedBy,
    successorId: row.successorId && formatTokenId(row.successorId),
    machineId: row.machineId,
    isApproved: row.isApproved !== 0,
  }
}

export async function toSigned(
  session: QuerySession,
  row: Found<TokenRecord> & { readonly revokedDerived: number; readonly headOfCaveats: Uint8Array | null },
): Promise<SignedRecord> {
  const { revokedDerived, headOfCaveats: head } = row
  const mintedCaveats = head === null ? null : (countEncoded(head) ?? null)
  return { ...(await toRecord(session, row)), mintedCaveats, revokedDerived }
}

export async function toListed(session: QuerySession, row: FoundListed): Promise<ListedToken> {
  const { caveats, createdByEmail, createdByProvenAt, appName } = row
  const predecessorId = row.predecessorId && formatTokenId(row.predecessorId)
  const named = { caveats, createdByEmail, createdByProvenAt, appName }
  return { ...(await toRecord(session, row)), ...named, predecessorId, lastUse: toTokenUse(row) }
}

export async function toListedOnes(
  session: QuerySession,
  rows: readonly FoundListed[],
): Promise<readonly ListedToken[]> {
  const listed: ListedToken[] = []
  for (const [number, row] of rows.entries()) {
    // Looking for a revoked ancestor takes a while if the chain is long.
    if (row.maybeDead !== null && number % 50 === 49) await nextTurn()
    listed.push(await toListed(session, row))
  }
  return listed
}

/** A page of the first ones, where there are more than its limit. */
export async function toFullPage(
  session: QuerySession,
  rows: readonly FoundListed[],
  asked: TokenQuery,
): Promise<Page<ListedToken, string>> {
  const items = await toListedOnes(session, rows.slice(0, asked.limit))
  const last = items.at(-1)
  return { items, next: last === undefined ? '' : placeOf(last, asked) }
}

async function findRevocation(session: QuerySession, { id, appId, organisationId, createdAt }: Found<TokenRecord>) {
  const ofApp = appId === null ? undefined : await findDeletionOfApp(session, appId)
  if (ofApp !== undefined) return ofApp
  const ofOrganisation = await findRevocationOfOrganisation(session, organisationId, createdAt)
  return ofOrganisation ?? findRevocationAbove(session, id)
}
