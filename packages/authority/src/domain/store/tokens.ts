// The store's contract: tokens and their descendants.
import type { DerivedName } from '../derived-token.ts'
import type { App } from '../app.ts'
import type { Page } from '../page.ts'
import type {
  DerivedRevoked,
  DescendantsRevoked,
  ListedToken,
  NewToken,
  RevokedDerived,
  SignedId,
  SignedRecord,
  TokenFilter,
  TokenQuery,
  TokenRecord,
} from '../token.ts'

/** A part of the number of tokens; `next` is where the other parts begin, absent after the last one. */
export interface PartialCount {
  readonly count: number
  readonly next?: string
}

/** An organisation, and the app of it that a list is limited to, if it is. */
export interface TokenOwner {
  readonly organisation: number
  readonly app: number | null
}

export interface TokenReads {
  byId(id: string): Promise<TokenRecord | undefined>
  /** As above, if the key still exists in its organisation. A token whose signing key is gone is worth nothing. */
  signedWith(signed: SignedId): Promise<SignedRecord | undefined>
  byIdWithNames(id: string): Promise<ListedToken | undefined>
  /**
   * A page of the organisation's tokens of all kinds. A page reads at most ten thousand tokens. So a search, or a state
   * that is not the sort order, may give a page that is shorter than the limit, even empty, and still has a next page.
   * @throws DomainError `invalid` if `after` is no place in such a list
   */
  ofOrganisation(organisationId: number, query: TokenQuery): Promise<Page<ListedToken, string>>
  /** As above, for tokens limited to an app of the organisation. */
  ofApp(app: Pick<App, 'id' | 'organisationId'>, query: TokenQuery): Promise<Page<ListedToken, string>>
  /**
   * The number of tokens that such a list of the organisation has, or of one of its apps, as far as a piece of ten thousand tokens tells.
   * @throws DomainError `invalid` if `after` is no place in such a list
   */
  count(owner: TokenOwner, filter: TokenFilter, after?: string): Promise<PartialCount>
  /** Whether revoking the other one with its descendants takes this one too. */
  descendsFrom(id: string, other: string): Promise<boolean>
  /**
   * What takes this token with it where it is revoked with its descendants: what minted and what replaced it, directly or not, the
   * nearest first, a trust policy last. Undefined if there are more than `most`.
   */
  lineOf(id: string, most: number): Promise<readonly string[] | undefined>
  /** One of these digests that is that of a revoked token derived from this one; a look-up for each of them, however many are revoked. */
  revokedAmong(id: string, digests: readonly Uint8Array[]): Promise<RevokedDerived | undefined>
  /** The revoked tokens that are derived from this one, the last revoked first. */
  revokedDerived(id: string, limit: number): Promise<readonly RevokedDerived[]>
  /** The derived token that minted this one, if a derived one did, and each that that one comes from. */
  derivedMinters(id: string): Promise<readonly DerivedName[]>
  /** Whether `continueRevocations` has anything to do. */
  revocationsAreUnfinished(): Promise<boolean>
}

export interface TokenWrites extends TokenReads {
  insert(token: NewToken): Promise<void>
  /**
   * Hands on to the successor what the token minted, and moves its end; `endsAt` in milliseconds. The successor has the minter of
   * the token, or, if that has none, any minter that does not descend from it.
   */
  handOn(id: string, successorId: string, endsAt: number): Promise<void>
  rename(id: string, name: string): Promise<void>
  /** From the commit on, no admin need approve it any more. */
  approve(id: string): Promise<void>
  /** Only if it is not revoked yet: the first revocation is kept. */
  revoke(id: string, at: number, by: string): Promise<void>
  /**
   * Revokes all descendants of the token from the commit on, but not the token itself: those that it minted, and the token that
   * it replaced with those that that one minted. A token that was replaced has none. If there are many,
   * `continueRevocations` marks the rest later; they are dead at once all the same. A token's row must not be removed
   * while the row of a token that it minted or replaced exists: descent goes through it.
   */
  revokeDescendants(id: string, at: number, by: string): Promise<DescendantsRevoked>
  /** Notes of a new token what `derivedMinters` finds: it dies with each of them. */
  noteDerivedMinters(id: string, minters: readonly DerivedName[]): Promise<void>
  /**
   * Revokes a derived token, and from the commit on all that it minted, or that one derived from it minted, with their
   * descendants. If there are many, `continueRevocations` marks the rest later. Nothing happens if it is revoked already.
   * @throws DomainError `not_found`; `conflict` if `most` tokens derived from the same one are revoked, a thousand where it is not given
   */
  revokeDerived(name: DerivedName, at: number, by: string, most?: number): Promise<DerivedRevoked>
  /**
   * Removes tokens that ended before that time, revoked or not, one step, in organisations with an id above `after`. It
   * keeps the minter and the successor of a token whose row is kept. Returns the id of the last organisation that is done, and undefined
   * after the last one.
   */
  removeEnded(before: number, after: number): Promise<number | undefined>
  /** Takes the next step of what `revokeDescendants` left. */
  continueRevocations(): Promise<DescendantsRevoked>
  /**
   * Revokes every token that the organisation has now, from the commit on. If there are many, `leftovers` marks the
   * rows later.
   */
  revokeOfOrganisation(organisationId: number, at: number, by: string): Promise<void>
  /**
   * Revokes every token limited to the app, from the commit on. If there are many, `leftovers` marks the rows later.
   */
  revokeOfApp(appId: number, at: number, by: string): Promise<void>
}
