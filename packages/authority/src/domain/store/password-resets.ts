// The store's contract: links with which a new password is set.
import type { PasswordReset } from '../user.ts'

export interface PasswordResetReads {
  /** Ended ones too. */
  byCodeHash(hash: Uint8Array): Promise<PasswordReset | undefined>
}

export interface PasswordResetWrites extends PasswordResetReads {
  /** Lets go of those that ended before. */
  insert(reset: PasswordReset): Promise<void>
  deleteOfUser(userId: number): Promise<void>
}
