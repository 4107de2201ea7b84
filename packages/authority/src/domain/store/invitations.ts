// The store's contract: invitations to organisations.
import type { Invitation, OwnInvitation, PendingInvitation } from '../organisation.ts'

export interface InvitationReads {
  /** By either of its two codes. */
  byCodeHash(hash: Uint8Array): Promise<Invitation | undefined>
  /**
   * Those that can be accepted at `now`, by people who are no members yet, and whose inviter is an admin still; the
   * newest first.
   */
  pending(organisationId: number, now: number): Promise<readonly PendingInvitation[]>
  /** The address's own that can be accepted at `now`, over all organisations, as {@link pending}; the newest first. */
  pendingOf(email: string, now: number): Promise<readonly OwnInvitation[]>
}

export interface InvitationWrites extends InvitationReads {
  /** An address has one open invitation to an organisation: close an earlier one first. */
  insert(invitation: Omit<Invitation, 'id'>): Promise<Invitation>
  accept(id: number, at: number): Promise<void>
  delete(id: number): Promise<void>
  /** Removes the open one of this address, ended or not. Whether there was one. */
  closeOf(organisationId: number, email: string): Promise<boolean>
  /** Removes the open ones that this person made. */
  closeBy(organisationId: number, userId: number): Promise<void>
}
