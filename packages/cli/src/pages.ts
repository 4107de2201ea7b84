// Long lists come in pages.
import { CommandError } from './errors.ts'

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly next?: string | undefined
}

/** More than anybody reads, and as much as fits into memory. */
const mostItems = 1_000_000
/** A page may be short or empty if few items match. */
const mostThinPages = 1_000

/**
 * The items of all pages, in order.
 * @throws CommandError where the authority sends the same page twice, or more and more, which would never end
 */
export async function readPages<Item>(readPage: (cursor: string | undefined) => Promise<Page<Item>>): Promise<Item[]> {
  const items: Item[] = []
  const seen = new Set<string>()
  let cursor: string | undefined
  let thinPages = 0
  do {
    const page = await readPage(cursor)
    for (const item of page.items) items.push(item)
    if (page.items.length < 100) thinPages += 1
    if (items.length > mostItems || thinPages > mostThinPages) {
      throw new CommandError('failed', `the list does not end: ${items.length} entries came, and there are still more`)
    }
    cursor = page.next
    if (cursor !== undefined && seen.has(cursor)) {
      throw new CommandError('failed', 'the authority sends the same page again and again')
    }
    if (cursor !== undefined) seen.add(cursor)
  } while (cursor !== undefined)
  return items
}
