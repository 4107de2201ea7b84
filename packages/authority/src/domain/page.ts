// One page of a list, with the cursor of the next page; and all of them, one after the other.

export interface Page<Item, Cursor> {
  readonly items: readonly Item[]
  /** Absent on the last page. */
  readonly next?: Cursor
}

/** All pages, each read when it is asked for. */
export async function* pagesOf<Item, Cursor>(
  read: (after: Cursor | undefined) => Promise<Page<Item, Cursor>>,
): AsyncGenerator<Page<Item, Cursor>, void> {
  let after: Cursor | undefined
  do {
    const page = await read(after)
    yield page
    after = page.next
  } while (after !== undefined)
}
