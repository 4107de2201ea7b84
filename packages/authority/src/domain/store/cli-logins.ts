// The store's contract: logins that command lines ask for.
import type { CliLogin, CliLoginApproval } from '../cli-login.ts'

export interface CliLoginReads {
  /** Ended ones too. */
  byIdHash(hash: Uint8Array): Promise<CliLogin | undefined>
  /** Those that have not ended at `now`. */
  count(now: number): Promise<number>
}

export interface CliLoginWrites extends CliLoginReads {
  insert(login: Omit<CliLogin, 'id' | 'approval'>): Promise<void>
  approve(id: number, approval: CliLoginApproval): Promise<void>
  delete(id: number): Promise<void>
  /** Removes those that ended before `now`; a hundred of them, where there are more. */
  deleteExpired(now: number): Promise<void>
  /** Removes those that the user has approved and nobody has redeemed. */
  deleteApprovedBy(userId: number): Promise<void>
}
