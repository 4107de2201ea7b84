// The store's contract: rows that deletions and upgrades left for later steps.

export interface LeftoverReads {
  /** Whether `remove` has anything to do. */
  exist(): Promise<boolean>
}

export interface LeftoverWrites extends LeftoverReads {
  /** Removes one step of them. Returns whether there are more. */
  remove(): Promise<boolean>
}
