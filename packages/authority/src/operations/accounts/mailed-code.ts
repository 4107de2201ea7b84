// Whether the code in a mailed link is still valid: it may have been used, withdrawn or replaced, or have expired.
import { DomainError } from '../../domain/errors.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { requireInvitation } from '../members/accept-invitation.ts'
import { requireReset } from './reset-password.ts'

/** Asks the operations that accept such codes. `now` in milliseconds since 1970. */
export async function isMailedCodeGood(tx: ReadTransaction, codeHash: Uint8Array, now: number): Promise<boolean> {
  for (const require of [requireInvitation, requireReset]) {
    try {
      await require(tx, codeHash, now)
      return true
    } catch (error) {
      if (!(error instanceof DomainError && error.code === 'forbidden')) throw error
    }
  }
  return false
}
