// The store's contract: who belongs to which organisation.
import type { Member, Membership, Role } from '../organisation.ts'

export interface MembershipReads {
  find(organisationId: number, userId: number): Promise<Membership | undefined>
  /** The first by the id of their user, after this one. */
  page(organisationId: number, query: { readonly limit: number; readonly after?: number }): Promise<readonly Member[]>
  /** Whether anybody but this user is an admin. */
  hasOtherAdmin(organisationId: number, userId: number): Promise<boolean>
  /** To how many organisations the user belongs, where that is less than `most`; else `most`. */
  countOf(userId: number, most: number): Promise<number>
}

export interface MembershipWrites extends MembershipReads {
  insert(membership: Membership): Promise<void>
  setRole(organisationId: number, userId: number, role: Role): Promise<void>
  delete(organisationId: number, userId: number): Promise<void>
}
