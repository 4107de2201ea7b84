// Org tokens and deploy tokens: what is stored about a minted token, never the token itself.
import type { DerivedName } from './derived-token.ts'
import { textOfKid } from './key.ts'
import type { TokenUse } from './use.ts'

/** The kind of token that is minted; the names are those of `createLimitedAccessToken`. */
export type Profile = 'deploy_organization' | 'deploy' | 'litefs_cloud'

/**
 * Tokens and discharges begin this many seconds before they are made, because clocks of authorities and services
 * differ.
 */
export const leadSeconds = 60

export interface TokenRecord {
  /** UUID derived from the nonce (Go `Nonce.UUID`), so every attenuation of the token shares it. */
  readonly id: string
  readonly organisationId: number
  /** The app of a deploy token. */
  readonly appId: number | null
  readonly profile: Profile
  readonly name: string
  /** The person who minted it, or in whose name its minter was minted; null if that account was deleted. */
  readonly createdBy: number | null
  /** The token that minted it, if a token did. */
  readonly mintedBy: string | null
  readonly createdAt: number
  readonly expiresAt: number
  readonly revokedAt: number | null
  /** Who revoked it: an email address or `token <id>`. */
  readonly revokedBy: string | null
  /** The token that replaced it, if it was rotated. What it minted is that token's since then. */
  readonly successorId: string | null
  /** The machine that it is the own token of. */
  readonly machineId: string | null
  /** False for one that waits for an admin, if its organisation wants that. */
  readonly isApproved: boolean
}

/** What nearly every request looks up. */
export interface SignedRecord extends TokenRecord {
  /** The number of caveats that it was minted with: a holder added further ones. Null for tokens from before these were stored. */
  readonly mintedCaveats: number | null
  /** How many tokens that holders derived from it are revoked. */
  readonly revokedDerived: number
}

/** A token and the key that signed it: what nearly every request is looked up by. */
export interface SignedId {
  readonly id: string
  /** The id of the key. */
  readonly kid: Uint8Array
  /** Both as one text, made once, because making it takes longer than a look-up with it. */
  readonly text: string
}

export function signedId(id: string, kid: Uint8Array): SignedId {
  // V8 makes one flat string of a join. A template gives a string of parts, which every look-up would have to join.
  return { id, kid, text: [id, textOfKid(kid)].join(' ') }
}

/** A token with its caveats, which few callers need. */
export interface NewToken extends TokenRecord {
  /**
   * All caveats it was minted with, as on the wire; null for tokens from before these were stored, and if the caller
   * did not ask for them.
   */
  readonly caveats: Uint8Array | null
  /** The token that it replaced. */
  readonly predecessorId: string | null
}

/** A token with the names for a list. */
export interface ListedToken extends NewToken {
  readonly createdByEmail: string | null
  /** When the address of that account was proven. A stranger may have made older tokens. */
  readonly createdByProvenAt: number | null
  readonly appName: string | null
  /** Null if no use is known. */
  readonly lastUse: TokenUse | null
}

/** How many tokens a step revoked, and whether the rows of more must still be marked. */
export interface DescendantsRevoked {
  readonly revoked: number
  readonly more: boolean
}

/** As above; and whether the derived token was live until now. */
export interface DerivedRevoked extends DescendantsRevoked {
  readonly wasLive: boolean
}

/** A token that a holder narrowed, and that is revoked. */
export interface RevokedDerived {
  readonly name: DerivedName
  /** Milliseconds. */
  readonly revokedAt: number
  readonly revokedBy: string
}

export type TokenState = 'live' | 'revoked' | 'expired'

/** Revoked takes precedence over expired, because somebody acted. `now` in milliseconds. */
export function tokenState(token: TokenRecord, now: number): TokenState {
  if (token.revokedAt !== null) return 'revoked'
  return token.expiresAt <= now ? 'expired' : 'live'
}

/** The sort key of a list; ties are sorted by age, then by id. */
type TokenSort = StoredSort | 'last_used_at'

/** A sort key that the token itself has, and that uses do not change. */
export type StoredSort = 'expires_at' | 'created_at' | 'name'

export interface TokenQuery {
  readonly state: TokenState | 'all'
  readonly sort: TokenSort
  readonly order: 'asc' | 'desc'
  /** Part of the name, in any case, or eight or more digits that the id begins with; empty for all tokens. */
  readonly search: string
  /** Of the live tokens only those that end then or earlier, in milliseconds. */
  readonly endsBy?: number | undefined
  /** Only those made in the name of that person. */
  readonly createdBy?: number | undefined
  readonly profile?: Profile | undefined
  /** Only those that no admin has approved, where they need it. */
  readonly isPending?: boolean | undefined
  /** Only tokens that were made before that time, in milliseconds, and have no known use since then. */
  readonly unusedSince?: number | undefined
  /** Milliseconds; the time for `state`. */
  readonly now: number
  readonly limit: number
  /** Skips the caveats, which may be a hundred times as long as the rest. */
  readonly withoutCaveats?: boolean
  /** What the page before had as `next`: the place of its end. */
  readonly after?: string
}

/** Which tokens a list has, in whatever order. */
export type TokenFilter = Omit<TokenQuery, 'sort' | 'order' | 'limit' | 'after' | 'withoutCaveats'>

/**
 * Where a list ends after this token: a place and not a token, because tokens are used, renamed, rotated and removed while somebody
 * turns the pages.
 */
export function placeOf(token: ListedToken, { sort }: Pick<TokenQuery, 'sort'>): string {
  const { id, createdAt, lastUse } = token
  if (sort !== 'last_used_at') return writePlace({ ...token, nameKey: nameKey(token.name) }, sort)
  return lastUse === null ? `unused.${createdAt}.${id}` : `used.${lastUse.at}.${id}`
}

/** The same in a list by something that tokens themselves have, of its sort keys; the key of the name stands last. */
export function writePlace(
  {
    expiresAt,
    createdAt,
    nameKey: key,
    id,
  }: Pick<TokenRecord, 'expiresAt' | 'createdAt' | 'id'> & { readonly nameKey: string },
  sort: StoredSort,
): string {
  return [sort === 'expires_at' ? expiresAt : 0, createdAt, id, sort === 'name' ? key : ''].join('.')
}

/** The key for sorting and searching names: equal for names that differ only in case or Unicode spelling. */
export function nameKey(name: string): string {
  return (ascii.test(name) ? name : name.normalize('NFC')).toLowerCase()
}

/** Unicode spells these in one way only. */
const ascii = /^[ -~]*$/
