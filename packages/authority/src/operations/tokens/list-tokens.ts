// token.list: the tokens of an organisation, or those limited to one app; never the tokens themselves.
import { actions } from '@hallpass/macaroon'

import type { App } from '../../domain/app.ts'
import type { Organisation } from '../../domain/organisation.ts'
import type { Page } from '../../domain/page.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { placeOf, type ListedToken, type TokenFilter, type TokenQuery } from '../../domain/token.ts'
import { accessApp, type FoundApp } from '../apps/find-app.ts'
import { accessOrganisation } from '../organisations/find-organisation.ts'
import { judge, type Judged } from '../perform/blocks.ts'
import type { OperationContext, AsideContext, ReadOperation } from '../perform/operation.ts'
import { readFilter, type FilterOptions } from './filter-tokens.ts'

export interface ListOptions extends FilterOptions, Pick<TokenQuery, 'sort' | 'order' | 'limit' | 'withoutCaveats'> {
  /** What the page before had as `next`. */
  readonly after: string | undefined
}

export interface ListedTokens extends Page<Judged<ListedToken>, string> {
  readonly organisation: Organisation
  /** The app of the list; null for the list of an organisation. */
  readonly app: App | null
  /** Milliseconds. */
  readonly usesKnownSince: number
  readonly filter: TokenFilter
}

/** The default list: live tokens, the one that ends last first. */
export const usualListing = { state: 'live', sort: 'expires_at', order: 'desc', search: '' } as const

export const listOrganisationTokens: ReadOperation<
  ListOptions & { readonly slug: string },
  Organisation,
  ListedTokens
> = {
  name: 'token.list',
  mode: 'read',

  access: (context, { slug }) => accessOrganisation(context, slug, { action: actions.read }),

  async run(context, { input, subject: organisation }) {
    const list = (query: TokenQuery) => context.tx.tokens.ofOrganisation(organisation.id, query)
    return { ...(await begin(context, organisation, input, list)), organisation, app: null }
  },

  afterRead: goOn,
}

export const listAppTokens: ReadOperation<ListOptions & { readonly appName: string }, FoundApp, ListedTokens> = {
  name: 'token.list',
  mode: 'read',

  access: (context, { appName }) => accessApp(context, appName, actions.read),

  async run(context, { input, subject: { app, organisation } }) {
    const list = (query: TokenQuery) => context.tx.tokens.ofApp(app, query)
    return { ...(await begin(context, organisation, input, list)), organisation, app }
  },

  afterRead: goOn,
}

/** The first piece. */
async function begin(
  context: OperationContext<ReadTransaction>,
  organisation: Organisation,
  input: ListOptions,
  list: (query: TokenQuery) => Promise<Page<ListedToken, string>>,
) {
  const { filter, isEmpty, usesKnownSince } = await readFilter(context, input)
  const found: Page<ListedToken, string> = isEmpty ? { items: [] } : await list(piece(input, filter))
  return { ...found, items: await judge(context.tx, organisation, found.items), usesKnownSince, filter }
}

/**
 * Fills the page, one piece for each snapshot with others' turns in between: a few tokens, or a search that reads ten
 * thousand and finds few. A page of tokens with very many caveats ends early.
 */
async function goOn(
  { environment, read }: AsideContext,
  first: ListedTokens,
  input: ListOptions,
): Promise<ListedTokens> {
  const { organisation, app, usesKnownSince, filter } = first
  const about = { organisation, app, usesKnownSince, filter }
  const items: Judged<ListedToken>[] = []
  let { items: found, next } = first
  let bytes = 0
  for (let reads = 1; ; reads++) {
    for (const item of found) {
      bytes += item.caveats?.length ?? 0
      const last = items.at(-1)
      if (bytes > mostBytes && last !== undefined) return { ...about, items, next: placeOf(last, input) }
      items.push(item)
    }
    if (next === undefined || items.length >= input.limit || reads === mostReads) break
    await environment.pause()
    const limit = input.limit - items.length
    const rest = piece({ ...input, limit, after: next }, { ...filter, now: environment.now() })
    ;({ items: found, next } = await read(async (tx): Promise<Page<Judged<ListedToken>, string>> => {
      const more = await (app === null ? tx.tokens.ofOrganisation(organisation.id, rest) : tx.tokens.ofApp(app, rest))
      return { ...more, items: await judge(tx, organisation, more.items) }
    }))
  }
  return { ...about, items, ...(next === undefined ? {} : { next }) }
}

// A million tokens are read: eight million are searched in eight requests.
const mostReads = 100
/** Found in one snapshot: a few milliseconds, even if each has as many caveats as fit into a header. */
const rowsOfPiece = 100
/** Bytes of caveats on one page: hundreds of times as much as usual tokens have. */
const mostBytes = 1024 * 1024

function piece({ after, limit, sort, order, withoutCaveats = false }: ListOptions, filter: TokenFilter): TokenQuery {
  const asked = { ...filter, sort, order, withoutCaveats, limit: Math.min(limit, rowsOfPiece) }
  return after === undefined ? asked : { ...asked, after }
}
