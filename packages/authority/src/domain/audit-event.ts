// Audit events: what happened, who did it, and whether it was allowed.
import type { RunLabels } from './run-labels.ts'

export interface AuditEvent {
  /** Milliseconds. */
  readonly at: number
  /** Null if it concerns no organisation, for example signing in. */
  readonly organisationId: number | null
  /** The operation's name, for example `token.mint`. */
  readonly operation: string
  readonly outcome: 'allowed' | 'denied'
  readonly actor: AuditActor
  /** The target, for people: `app web-1`, `token 6fd…`. Never a secret. */
  readonly target: string
  /** Why it was denied; empty if it was allowed. */
  readonly reason: string
  readonly requestId: string
}

export interface AuditActor {
  readonly kind: 'user' | 'token' | 'nobody'
  /** User id or token id; empty for nobody. */
  readonly id: string
  /** Email address, or the token's name. */
  readonly label: string
  /** Of the token that acted; null if it has none, or no token acted. */
  readonly runLabels?: RunLabels | null
  /** The name of the token that acted, if a holder had narrowed it; `dt_…` as `derivedTokenId` of the core makes it. */
  readonly derived?: string | undefined
}

/** A stored event. Ids increase with time within one database. */
export interface StoredAuditEvent extends AuditEvent {
  readonly id: number
}
