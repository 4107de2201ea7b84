// The store's contract: what deletions and upgrades left.

export interface LeftoverReads {
  /** Whether `remove` has anything to do. */
  exist(): Promise<boolean>
}

export interface LeftoverWrites extends LeftoverReads {
  /** Takes the next step of what deletions and upgrades have left. Whether there is more of it. */
  remove(): Promise<boolean>
}
