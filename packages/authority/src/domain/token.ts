// Org tokens and deploy tokens: what is remembered of a minted token, which is never the token itself.

/** What kind of token is minted; the names are those of `createLimitedAccessToken`. */
export type Profile = 'deploy_organization' | 'deploy' | 'litefs_cloud'

/** How long before they are made tokens and discharges begin: clocks of authorities and services differ. */
export const leadSeconds = 60

export interface TokenRecord {
  /** UUID derived from the nonce (Go `Nonce.UUID`), so every attenuation of the token shares it. */
  readonly id: string
  readonly organisationId: number
  /** The one app of a deploy token. */
  readonly appId: number | null
  readonly profile: Profile
  readonly name: string
  /** The person who minted it, or in whose name its minter was minted; null once that account is gone. */
  readonly createdBy: number | null
  /** The token that minted it, where a token did. */
  readonly mintedBy: string | null
  readonly createdAt: number
  readonly expiresAt: number
  readonly revokedAt: number | null
  /** Who revoked it: an email address or `token <id>`. */
  readonly revokedBy: string | null
}

/** With what only those want to know who look at it. */
export interface NewToken extends TokenRecord {
  /** All that it was minted with, as on the wire; null for tokens from before this was kept, and where nobody asked. */
  readonly caveats: Uint8Array | null
}

/** A token with the names that a list shows. */
export interface ListedToken extends NewToken {
  readonly createdByEmail: string | null
  /** When the address of that account was proven; what was made before may be a stranger's. */
  readonly createdByProvenAt: number | null
  readonly appName: string | null
}

/** How many tokens a step revoked of those that a token minted, and whether some are left whose rows do not say so yet. */
export interface DescendantsRevoked {
  readonly revoked: number
  readonly more: boolean
}

export type TokenState = 'live' | 'revoked' | 'expired'

/** Revoked wins over expired: it says that somebody acted. `now` in milliseconds. */
export function tokenState(token: TokenRecord, now: number): TokenState {
  if (token.revokedAt !== null) return 'revoked'
  return token.expiresAt <= now ? 'expired' : 'live'
}

/** By what a list is sorted; tokens that are equal in it go by their age, and those of one instant by their id. */
export type TokenSort = 'expires_at' | 'created_at' | 'name'

export interface TokenQuery {
  readonly state: TokenState | 'all'
  readonly sort: TokenSort
  readonly order: 'asc' | 'desc'
  /** Part of the name, in any case; empty for all. */
  readonly search: string
  /** Milliseconds; what `state` is meant at. */
  readonly now: number
  readonly limit: number
  /** Whoever shows none of the caveats reads none: they may be a hundred times as long as all the rest. */
  readonly withoutCaveats?: boolean
  /** The id with which the page before ended. */
  readonly after?: string
}

/** Names are sorted and searched by this: equal where only case or the spelling in Unicode differs. */
export function nameKey(name: string): string {
  return name.normalize('NFC').toLowerCase()
}
