// The store's contract: organisations and their settings.
import type { MembershipDischarge, Organisation, Quota, Role } from '../organisation.ts'
import type { TokenPolicy } from '../token-policy.ts'

export interface OrganisationReads {
  byId(id: number): Promise<Organisation | undefined>
  bySlug(slug: string): Promise<Organisation | undefined>
  /** Their number, but at most `most`. Tokens count if they are live at `now`. */
  countUpTo(id: number, quota: Quota, most: number, now: number): Promise<number>
  personalOf(userId: number): Promise<Organisation | undefined>
  /** The organisations of the user with the role in each, by name. */
  ofUser(userId: number): Promise<readonly { readonly organisation: Organisation; readonly role: Role }[]>
}

export interface OrganisationWrites extends OrganisationReads {
  insert(organisation: Omit<Organisation, 'id'>): Promise<Organisation>
  rename(id: number, name: string): Promise<void>
  /** Applies to tokens minted from then on. */
  setMembershipDischarge(id: number, demand: MembershipDischarge): Promise<void>
  setTokenPolicy(id: number, policy: TokenPolicy): Promise<void>
  /**
   * From the commit on, nothing of the organisation is found or verifies, and its names are free: its memberships,
   * invitations, apps, signing keys and tokens. If there are many rows, `leftovers` removes them later. Audit events
   * stay.
   */
  delete(id: number): Promise<void>
}
