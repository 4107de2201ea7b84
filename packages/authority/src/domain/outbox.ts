// The outbox: tasks to do after the commit, at least once. A task may be done twice.

export interface OutboxTask {
  readonly id: number
  readonly kind: 'mail'
  /** The data of the task; sealed if it contains secrets. */
  readonly payload: Uint8Array
  /** Milliseconds since 1970. Nobody claims the task before. */
  readonly dueAt: number
  /** Milliseconds since 1970. The task is dropped then. */
  readonly expiresAt: number
  /** The number of tries so far. */
  readonly tries: number
}

/** How long a claimed task is reserved, in milliseconds, unless the claim is renewed. Clocks may differ by a minute. */
export const claimTime = 120_000

/** How often a claim is renewed while its task is being done, in milliseconds. */
export const renewalTime = 30_000

/** Milliseconds until the next try after this many failures: a minute, then twice as long each time, up to an hour. */
export function retryAfter(tries: number): number {
  return Math.min(60, 2 ** Math.min(tries, 6)) * 60_000
}
