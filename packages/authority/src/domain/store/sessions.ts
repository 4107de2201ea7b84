// The store's contract: logins of people.
import type { Session, User } from '../user.ts'

export interface SessionReads {
  /** With its user; expired ones too. */
  byTokenHash(hash: Uint8Array): Promise<{ readonly session: Session; readonly user: User } | undefined>
  byId(id: number): Promise<Session | undefined>
  /** Those that have not ended at `now`, the newest first. */
  ofUser(userId: number, now: number, limit: number): Promise<readonly Session[]>
}

export interface SessionWrites extends SessionReads {
  /** Ends the eldest of the user's where there are more than a thousand. */
  insert(session: Omit<Session, 'id'> & { readonly tokenHash: Uint8Array }): Promise<Session>
  delete(id: number): Promise<void>
  /**
   * Removes the user's sessions that ended before `now`, but for the youngest `spared` of all: where the clock was
   * ahead for a while, those that seem ended are not.
   */
  deleteExpired(userId: number, now: number, spared: number): Promise<void>
  /** Removes the user's sessions but the one with this id. */
  deleteOthers(userId: number, id: number): Promise<void>
}
