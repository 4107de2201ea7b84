// The store's contract: links for setting a new password.
import type { PasswordReset } from '../user.ts'

export interface PasswordResetReads {
  /** Finds expired ones too. */
  byCodeHash(hash: Uint8Array): Promise<PasswordReset | undefined>
}

export interface PasswordResetWrites extends PasswordResetReads {
  /** Also deletes expired ones. */
  insert(reset: PasswordReset): Promise<void>
  deleteOfUser(userId: number): Promise<void>
}
