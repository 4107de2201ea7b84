// One page of a list, and where the next one starts.

export interface Page<Item, Cursor> {
  readonly items: readonly Item[]
  /** Absent on the last page. */
  readonly next?: Cursor
}
