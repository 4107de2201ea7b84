// token.list: the tokens of an organisation, or those limited to one app; never the tokens themselves.
import { actions } from '@hallpass/macaroon'

import type { App } from '../../domain/app.ts'
import type { Organisation } from '../../domain/organisation.ts'
import type { Page } from '../../domain/page.ts'
import type { ListedToken, TokenQuery } from '../../domain/token.ts'
import { accessApp, type FoundApp } from '../apps/find-app.ts'
import { accessOrganisation } from '../organisations/find-organisation.ts'
import type { PrepareContext, ReadOperation } from '../perform/operation.ts'

export interface ListOptions extends Omit<TokenQuery, 'now' | 'after'> {
  /** The id at the end of the page before. */
  readonly after: string | undefined
}

export interface ListedTokens extends Page<ListedToken, string> {
  readonly organisation: Organisation
  /** The app of the list; null for the list of an organisation. */
  readonly app: App | null
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

  async run({ tx, now }, { input, subject: organisation }) {
    return { ...(await tx.tokens.ofOrganisation(organisation.id, piece(input, now))), organisation, app: null }
  },

  afterRead: goOn,
}

export const listAppTokens: ReadOperation<ListOptions & { readonly appName: string }, FoundApp, ListedTokens> = {
  name: 'token.list',
  mode: 'read',

  access: (context, { appName }) => accessApp(context, appName, actions.read),

  async run({ tx, now }, { input, subject: { app, organisation } }) {
    return { ...(await tx.tokens.ofApp(app, piece(input, now))), organisation, app }
  },

  afterRead: goOn,
}

/**
 * Fills the page, one piece for each snapshot with others' turns in between: a few tokens, or a search that reads ten
 * thousand and finds few. A page of tokens with very many caveats ends early.
 */
async function goOn(
  { environment, read }: PrepareContext,
  first: ListedTokens,
  input: ListOptions,
): Promise<ListedTokens> {
  const { organisation, app } = first
  const items: ListedToken[] = []
  let { items: found, next } = first
  let bytes = 0
  for (let reads = 1; ; reads++) {
    for (const item of found) {
      bytes += item.caveats?.length ?? 0
      const last = items.at(-1)
      if (bytes > mostBytes && last !== undefined) return { items, organisation, app, next: last.id }
      items.push(item)
    }
    if (next === undefined || items.length >= input.limit || reads === mostReads) break
    await environment.pause()
    const rest = piece({ ...input, limit: input.limit - items.length, after: next }, environment.now())
    ;({ items: found, next } = await read((tx): Promise<Page<ListedToken, string>> =>
      app === null ? tx.tokens.ofOrganisation(organisation.id, rest) : tx.tokens.ofApp(app, rest),
    ))
  }
  return { items, organisation, app, ...(next === undefined ? {} : { next }) }
}

// A million tokens are read: eight million are searched in eight requests.
const mostReads = 100
/** Found in one snapshot: a few milliseconds, even if each has as many caveats as fit into a header. */
const rowsOfPiece = 100
/** Bytes of caveats on one page: hundreds of times as much as usual tokens have. */
const mostBytes = 1024 * 1024

function piece({ after, limit, ...options }: ListOptions, now: number): TokenQuery {
  const asked = { ...options, limit: Math.min(limit, rowsOfPiece), now }
  return after === undefined ? asked : { ...asked, after }
}
