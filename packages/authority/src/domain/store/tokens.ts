// The store's contract: tokens and what they minted.
import type { App } from '../app.ts'
import type { Page } from '../page.ts'
import type { DescendantsRevoked, ListedToken, NewToken, TokenQuery, TokenRecord } from '../token.ts'

export interface TokenReads {
  byId(id: string): Promise<TokenRecord | undefined>
  /** The same, where the key is one of its organisation's: what is signed with a key that is gone is worth nothing. */
  signedWith(id: string, kid: Uint8Array): Promise<TokenRecord | undefined>
  byIdWithNames(id: string): Promise<ListedToken | undefined>
  /**
   * A page of the organisation's tokens of all kinds. Where a search, or a state in another order than that of the
   * end, leaves few of many, a page may hold less than its limit, and nothing even, and yet have a next one: no page
   * looks at more than ten thousand tokens.
   * @throws DomainError `invalid` where `after` is no token of the organisation
   */
  ofOrganisation(organisationId: number, query: TokenQuery): Promise<Page<ListedToken, string>>
  /** The same of those that are limited to an app of the organisation. */
  ofApp(app: Pick<App, 'id' | 'organisationId'>, query: TokenQuery): Promise<Page<ListedToken, string>>
  /** Whether `continueRevocations` has anything to do. */
  revocationsAreUnfinished(): Promise<boolean>
}

export interface TokenWrites extends TokenReads {
  insert(token: NewToken): Promise<void>
  /** Only where it is not yet revoked: the first revocation stands. */
  revoke(id: string, at: number, by: string): Promise<void>
  /**
   * Revokes all that the token minted, and what that minted, from the commit on; the token itself is left as it is.
   * Where it is much, the rest is dead too, and `continueRevocations` writes it down. A row of a token must not be
   * removed while one of a token that it minted is there: the line of descent goes through it.
   */
  revokeDescendants(id: string, at: number, by: string): Promise<DescendantsRevoked>
  /**
   * Removes rows of tokens that ended before that time, revoked or not, one step of them, in the organisations with an
   * id past `after`; what minted a token whose row is kept is kept. Returns the organisation up to which that is done,
   * and undefined after the last one.
   */
  removeEnded(before: number, after: number): Promise<number | undefined>
  /** Takes the next step of what `revokeDescendants` left. */
  continueRevocations(): Promise<DescendantsRevoked>
  /**
   * Revokes every token that the organisation has, from the commit on, and none that is minted later. Where it is much,
   * `leftovers` writes it down.
   */
  revokeOfOrganisation(organisationId: number, at: number, by: string): Promise<void>
  /** Revokes every token that is limited to the app, from the commit on. Where it is much, `leftovers` writes it down. */
  revokeOfApp(appId: number, at: number, by: string): Promise<void>
}
