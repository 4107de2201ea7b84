// The store's contract: the audit trail.
import type { AuditEvent, StoredAuditEvent } from '../audit-event.ts'
import type { Page } from '../page.ts'
import type { TokenRecord } from '../token.ts'

export interface AuditReads {
  /** Whether `removeOlder` has anything to do. */
  areOlder(before: number): Promise<boolean>
  /** Newest first; `before` is the id of the last event seen. */
  ofOrganisation(
    organisationId: number,
    query: { readonly limit: number; readonly before?: number },
  ): Promise<Page<StoredAuditEvent, number>>
  /**
   * What a token did, and what was done to it, in its organisation or in none; newest first. `targets` are the texts
   * for the token in events; the first is the text in its mint event.
   */
  ofToken(
    token: Pick<TokenRecord, 'id' | 'organisationId' | 'createdAt'> & {
      readonly targets: readonly [string, string, string]
    },
    query: { readonly limit: number; readonly before?: number },
  ): Promise<Page<StoredAuditEvent, number>>
}

export interface AuditWrites extends AuditReads {
  append(event: AuditEvent): Promise<void>
  /** Removes the oldest events before that time, one step. Returns whether there may be more. */
  removeOlder(before: number): Promise<boolean>
}
