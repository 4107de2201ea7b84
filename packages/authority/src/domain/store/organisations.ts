// The store's contract: organisations and their settings.
import type { MembershipDischarge, Organisation, Quota, Role, TokenMinting } from '../organisation.ts'

export interface OrganisationReads {
  byId(id: number): Promise<Organisation | undefined>
  bySlug(slug: string): Promise<Organisation | undefined>
  /** How many there are of it, where that is less than `most`; else `most`. Live tokens are those at `now`. */
  countUpTo(id: number, quota: Quota, most: number, now: number): Promise<number>
  personalOf(userId: number): Promise<Organisation | undefined>
  /** Those that the user belongs to, with their role there, by name. */
  ofUser(userId: number): Promise<readonly { readonly organisation: Organisation; readonly role: Role }[]>
}

export interface OrganisationWrites extends OrganisationReads {
  insert(organisation: Omit<Organisation, 'id'>): Promise<Organisation>
  rename(id: number, name: string): Promise<void>
  /** For the tokens that are minted from then on. */
  setMembershipDischarge(id: number, demand: MembershipDischarge): Promise<void>
  setTokenMinting(id: number, minting: TokenMinting): Promise<void>
  /**
   * From the commit on nothing of it is found or verifies, and its names are free: with its memberships, invitations,
   * apps, signing keys and tokens. Where these are many, `leftovers` removes the rows. Audit events stay.
   */
  delete(id: number): Promise<void>
}
