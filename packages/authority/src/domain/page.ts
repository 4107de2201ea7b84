// One page of a list, with the cursor of the next page; and all of them, one after the other.

export interface Page<Item, Cursor> {
  readonly items: readonly Item[]
  /** Absent on the last page. */
  readonly next?: Cursor
}

/** The page with these items, from rows of which one beyond the limit was asked for: it says that there is another page. */
export function pageOf<Item, Row extends { readonly id: string | number }>(
  items: readonly Item[],
  rows: readonly Row[],
  limit: number,
): Page<Item, Row['id']> {
  const last = rows[limit - 1]
  return rows.length > limit && last !== undefined ? { items, next: last.id } : { items }
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
