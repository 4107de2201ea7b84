// Lists in the original's form: nodes, and a cursor for the next page.
import type { Page } from '../../domain/page.ts'
import { InvalidInput } from '../http/errors.ts'
import type { Context } from './context.ts'
import { limits } from './limits.ts'

export interface PageArgs {
  readonly first?: number | null
  /** Clients send an empty text for the first page. */
  readonly after?: string | null
}

export interface Connection<Node> {
  readonly nodes: AsyncIterable<Node>
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

/**
 * The maximum number of items on the page.
 * @throws InvalidInput
 */
export function pageSize({ first }: PageArgs): number {
  if (first === undefined || first === null) return limits.pageSize
  if (first < 1) throw new InvalidInput('first is too small: at least 1', 'first')
  return Math.min(first, limits.pageSize)
}

/** Whether the whole list is wanted: clients that give no size read no second page. */
export function isForAll({ first }: PageArgs): boolean {
  return first === undefined || first === null
}

/**
 * The page for the answer, with turns for others between its items. `encode` turns the position of its end into a
 * cursor.
 */
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
 * The whole rest of the list. `turn` fetches the page after the end of another. If it is too much, the request fails,
 * as everywhere; nothing is left out silently.
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

/** Encodes one item at a time, with turns for others in between. */
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

/** The list of things that an authority never has. */
export const none: { readonly nodes: readonly [] } = { nodes: [] }
