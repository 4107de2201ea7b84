// The store's contract: invitations to organisations.
import type { Invitation, OwnInvitation, PendingInvitation } from '../organisation.ts'

export interface InvitationReads {
  /** By either of its two codes. */
  byCodeHash(hash: Uint8Array): Promise<Invitation | undefined>
  /**
   * Those that can be accepted at `now`: the invited person is not a member yet, and the inviter is still an admin.
   * Newest first.
   */
  pending(organisationId: number, now: number): Promise<readonly PendingInvitation[]>
  /** Those of the address that can be accepted at `now`, in all organisations, as in {@link pending}. Newest first. */
  pendingOf(email: string, now: number): Promise<readonly OwnInvitation[]>
}

export interface InvitationWrites extends InvitationReads {
  /** An address has one open invitation to an organisation: close the earlier one first. */
  insert(invitation: Omit<Invitation, 'id'>): Promise<Invitation>
  accept(id: number, at: number): Promise<void>
  delete(id: number): Promise<void>
  /** Removes the open invitation of this address, expired or not. Returns whether there was one. */
  closeOf(organisationId: number, email: string): Promise<boolean>
  /** Removes the open ones that this person made. */
  closeBy(organisationId: number, userId: number): Promise<void>
}
