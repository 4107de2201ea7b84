// Long lists come in pages.
import { CommandError } from './errors.ts'

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly next?: string | undefined
}

/**
 * The items of all pages, in order.
 * @throws CommandError where the authority sends the same page twice, which would never end
 */
export async function readPages<Item>(readPage: (cursor: string | undefined) => Promise<Page<Item>>): Promise<Item[]> {
  const items: Item[] = []
  const seen = new Set<string>()
  let cursor: string | undefined
  do {
    const page = await readPage(cursor)
    for (const item of page.items) items.push(item)
    cursor = page.next
    if (cursor !== undefined && seen.has(cursor)) {
      throw new CommandError('failed', 'the authority sends the same page again and again')
    }
    if (cursor !== undefined) seen.add(cursor)
  } while (cursor !== undefined)
  return items
}
