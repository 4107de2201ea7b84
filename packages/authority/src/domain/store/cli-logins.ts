// The store's contract: logins that command lines ask for.
import type { CliLogin, CliLoginApproval } from '../cli-login.ts'

export interface CliLoginReads {
  /** Finds expired ones too. */
  byIdHash(hash: Uint8Array): Promise<CliLogin | undefined>
  /** Counts those that have not expired at `now`. */
  count(now: number): Promise<number>
}

export interface CliLoginWrites extends CliLoginReads {
  insert(login: Omit<CliLogin, 'id' | 'approval'>): Promise<void>
  approve(id: number, approval: CliLoginApproval): Promise<void>
  delete(id: number): Promise<void>
  /** Removes up to a hundred of those that expired before `now`. */
  deleteExpired(now: number): Promise<void>
  /** Removes those that the user approved and nobody has redeemed. */
  deleteApprovedBy(userId: number): Promise<void>
}
