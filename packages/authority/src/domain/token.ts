// Org tokens and deploy tokens: what is remembered of a minted token, which is never the token itself.

/** What kind of token is minted; the names are those of `createLimitedAccessToken`. */
export type Profile = 'deploy_organization' | 'deploy' | 'litefs_cloud'

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
  /** All that it was minted with, as on the wire; null for tokens from before this was kept. */
  readonly caveats: Uint8Array | null
}

/** A token with the names that a list shows. */
export interface ListedToken extends NewToken {
  readonly createdByEmail: string | null
  readonly appName: string | null
}

export type TokenState = 'live' | 'revoked' | 'expired'

/** Revoked wins over expired: it says that somebody acted. `now` in milliseconds. */
export function tokenState(token: TokenRecord, now: number): TokenState {
  if (token.revokedAt !== null) return 'revoked'
  return token.expiresAt <= now ? 'expired' : 'live'
}

/** Lists go from the token that ends last to the one that ends first; a cursor is the last row seen. */
export interface TokenCursor {
  readonly expiresAt: number
  readonly id: string
}

export interface TokenQuery {
  /** `live`: neither revoked nor expired at `now`. */
  readonly state: 'live' | 'all'
  readonly now: number
  readonly limit: number
  readonly after?: TokenCursor
}
