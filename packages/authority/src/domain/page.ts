// One page of a list, with the cursor of the next page.

export interface Page<Item, Cursor> {
  readonly items: readonly Item[]
  /** Absent on the last page. */
  readonly next?: Cursor
}
