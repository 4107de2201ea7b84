/** Tries of one key that count for some time. */
export interface CountedTries {
  /** What hides whose tries they are. */
  readonly key: Uint8Array
  /** So many may count at once. */
  readonly most: number
  /** How long one counts, in milliseconds. */
  readonly span: number
}

/** Times are those of the database's clock, because the clocks of servers differ. */
export interface TryReads {
  /** Milliseconds until the next is allowed; 0 if it is now. */
  wait(tries: CountedTries): Promise<number>
  /** Whether there are some that count no more. */
  haveEnded(): Promise<boolean>
}

export interface TryWrites extends TryReads {
  count(tries: CountedTries): Promise<void>
  /** Removes some that count no more. Returns whether there may be more. */
  removeEnded(): Promise<boolean>
}
