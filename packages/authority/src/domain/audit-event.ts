// What happened, who did it, and whether it was allowed.

export interface AuditEvent {
  /** Milliseconds. */
  readonly at: number
  /** Null for what concerns no organisation, as signing in. */
  readonly organisationId: number | null
  /** The operation's name, as `token.mint`. */
  readonly operation: string
  readonly outcome: 'allowed' | 'denied'
  readonly actor: AuditActor
  /** What it was done to, for people: `app web-1`, `token 6fd…`. Never a secret. */
  readonly target: string
  /** Why it was denied; empty where it was allowed. */
  readonly reason: string
  readonly requestId: string
}

export interface AuditActor {
  readonly kind: 'user' | 'token' | 'nobody'
  /** User id or token id; empty for nobody. */
  readonly id: string
  /** Email address, or the token's name. */
  readonly label: string
}

/** An event as it is stored; ids grow with time within one database. */
export interface StoredAuditEvent extends AuditEvent {
  readonly id: number
}
