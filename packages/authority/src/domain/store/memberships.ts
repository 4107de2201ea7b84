// The store's contract: memberships of users in organisations.
import type { Member, Membership, Role } from '../organisation.ts'

export interface MembershipReads {
  find(organisationId: number, userId: number): Promise<Membership | undefined>
  /** The first members by user id, after this id. */
  page(organisationId: number, query: { readonly limit: number; readonly after?: number }): Promise<readonly Member[]>
  /** Whether any other user is an admin. */
  hasOtherAdmin(organisationId: number, userId: number): Promise<boolean>
  /** The ids of the first admins whose addresses are proven. */
  provenAdmins(organisationId: number, limit: number): Promise<readonly number[]>
  /** The number of organisations that the user belongs to, but at most `most`. */
  countOf(userId: number, most: number): Promise<number>
}

export interface MembershipWrites extends MembershipReads {
  insert(membership: Membership): Promise<void>
  setRole(organisationId: number, userId: number, role: Role): Promise<void>
  delete(organisationId: number, userId: number): Promise<void>
}
