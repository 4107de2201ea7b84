// What is to be done outside once the transaction that asked for it is durable: at least once, and so it may come twice.

export interface OutboxTask {
  readonly id: number
  readonly kind: 'mail'
  /** What the kind needs; sealed where it holds secrets. */
  readonly payload: Uint8Array
  /** Milliseconds since 1970; nobody else takes it before. */
  readonly dueAt: number
  /** Milliseconds since 1970; from then on it is not worth doing. */
  readonly expiresAt: number
  /** How often it was tried. */
  readonly tries: number
}

/** How long whoever took a task has it alone, in milliseconds: longer than any try takes. */
export const claimTime = 30_000

/** After how many milliseconds a task is tried again that has failed so often: a minute, and twice as long each time, up to an hour. */
export function retryAfter(tries: number): number {
  return Math.min(60, 2 ** Math.min(tries, 6)) * 60_000
}
