// The store's contract: the last uses of tokens, logins and passkeys. Lists of tokens have those of tokens.
import type { NotedUses } from '../use-log.ts'
import type { LoginKind, Use } from '../use.ts'

export interface UseReads {
  /** Since when uses are noted, in milliseconds: a credential that is older may have been used before. */
  knownSince(): Promise<number | undefined>
  /** The last uses of a person's logins or passkeys, by the ids of these. */
  ofUser(userId: number, kind: LoginKind): Promise<ReadonlyMap<number, Use>>
}

export interface UseWrites extends UseReads {
  /** The first time that is set stays. */
  setKnownSince(at: number): Promise<void>
  /**
   * Of each credential the later use stands, whoever writes it, with the last addresses of both. Credentials that are gone
   * are left out. The rows of credentials are only read.
   */
  record(uses: NotedUses): Promise<void>
}
