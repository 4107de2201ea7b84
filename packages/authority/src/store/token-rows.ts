// Rows of tokens as the database has them, and the tokens that they are.
import type { ListedToken, TokenRecord } from '../domain/token.ts'
import { formatTokenId } from './token-id.ts'

/** A token as it is stored, with the ids as bytes. */
export type Stored<Token extends TokenRecord> = Omit<Token, 'id' | 'mintedBy'> & {
  readonly id: Uint8Array
  readonly mintedBy: Uint8Array | null
}

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
] as const

/** With what a list shows besides. A look-up of every request goes without: it would read more than it needs. */
export const listedColumns = [
  ...recordColumns,
  'tokens.caveats',
  'users.email as createdByEmail',
  'apps.name as appName',
] as const

// Field by field: rows of node:sqlite are slow to spread, and a page has many.
export function toRecord(row: Stored<TokenRecord>): TokenRecord {
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
    revokedAt: row.revokedAt,
    revokedBy: row.revokedBy,
  }
}

export function toListed(row: Stored<ListedToken>): ListedToken {
  const { caveats, createdByEmail, appName } = row
  return { ...toRecord(row), caveats, createdByEmail, appName }
}
