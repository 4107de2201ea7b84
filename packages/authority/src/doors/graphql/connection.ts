// Lists as the original has them: nodes, and where the next page starts.
import type { Page } from '../../domain/page.ts'
import { InvalidInput } from '../http/errors.ts'
import type { Context } from './context.ts'
import { limits } from './limits.ts'

export interface PageArgs {
  readonly first?: number | null
  /** Clients send an empty one for the first page. */
  readonly after?: string | null
}

export interface Connection<Node> {
  readonly nodes: AsyncIterable<Node>
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

/**
 * How many items a page takes at most.
 * @throws InvalidInput
 */
export function pageSize({ first }: PageArgs): number {
  if (first === undefined || first === null) return limits.pageSize
  if (first < 1) throw new InvalidInput('first is too small: at least 1', 'first')
  return Math.min(first, limits.pageSize)
}

/** Whether the whole list is asked for: clients that name no size read no second page. */
export function isForAll({ first }: PageArgs): boolean {
  return first === undefined || first === null
}

/** The page as it is answered, with others' turns between its items; `encode` makes a cursor's text of where it ends. */
export function connect<Item, Cursor, Node>(
  page: Page<Item, Cursor>,
  encodeItem: (item: Item) => Node,
  encodeCursor: (cursor: Cursor) => string,
  context: Pick<Context, 'rest'>,
): Connection<Node> {
  return {
    nodes: encodeEach(page.items, encodeItem, context),
    pageInfo: {
      hasNextPage: page.next !== undefined,
      endCursor: page.next === undefined ? null : encodeCursor(page.next),
    },
  }
}

/**
 * All that is left of the list, as it is answered: `turn` fetches the page that begins where another ended. What is too
 * much to answer ends the request as everywhere, and nothing is left out in silence.
 */
export function connectAll<Item, Cursor, Node>(
  first: Page<Item, Cursor>,
  turn: (next: Cursor) => Promise<Page<Item, Cursor>>,
  encodeItem: (item: Item) => Node,
  context: Pick<Context, 'rest'>,
): Connection<Node> {
  async function* nodes() {
    for (let page = first; ; page = await turn(page.next)) {
      yield* encodeEach(page.items, encodeItem, context)
      if (page.next === undefined) return
    }
  }
  return { nodes: nodes(), pageInfo: { hasNextPage: false, endCursor: null } }
}

/** One by one, with others' turns between. */
export async function* encodeEach<Item, Node>(
  items: readonly Item[],
  encodeItem: (item: Item) => Node,
  { rest }: Pick<Context, 'rest'>,
): AsyncGenerator<Node> {
  for (const item of items) {
    await rest()
    yield encodeItem(item)
  }
}

/** What an authority without machines has none of. */
export const none: { readonly nodes: readonly [] } = { nodes: [] }
