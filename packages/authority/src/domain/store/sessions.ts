// The store's contract: logins of people.
import type { Session, User } from '../user.ts'

export interface SessionReads {
  /** With its user, by what `hashAuthToken` makes; finds expired ones too. */
  byTokenHash(hash: string): Promise<{ readonly session: Session; readonly user: User } | undefined>
  byId(id: number): Promise<Session | undefined>
  /** Those that have not expired at `now`, newest first. */
  ofUser(userId: number, now: number, limit: number): Promise<readonly Session[]>
}

export interface SessionWrites extends SessionReads {
  /** Also ends the user's oldest sessions beyond a thousand. */
  insert(session: Omit<Session, 'id'> & { readonly tokenHash: string }): Promise<Session>
  delete(id: number): Promise<void>
  /**
   * Removes the user's sessions that expired before `now`, except the newest `spared` of all: if the clock was ahead
   * for a while, sessions may only seem expired.
   */
  deleteExpired(userId: number, now: number, spared: number): Promise<void>
  /** Removes the user's sessions except this one. */
  deleteOthers(userId: number, id: number): Promise<void>
}
