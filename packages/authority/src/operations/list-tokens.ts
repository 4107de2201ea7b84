// token.list: the tokens of an organisation, or those limited to one app; never their secrets.
import { setImmediate as nextTurn } from 'node:timers/promises'

import { actions } from '@hallpass/macaroon'

import type { App } from '../domain/app.ts'
import type { Organisation } from '../domain/organisation.ts'
import type { Page } from '../domain/page.ts'
import type { ListedToken, TokenQuery } from '../domain/token.ts'
import { intendOnApp, intendOnOrganisation, type FoundApp } from './intend.ts'
import type { Environment, Reading } from './operation.ts'

export interface ListOptions extends Omit<TokenQuery, 'now' | 'after'> {
  /** The id with which the page before ended. */
  readonly after: string | undefined
}

export interface ListedTokens extends Page<ListedToken, string> {
  readonly organisation: Organisation
  /** The app that the list is of; null for one of an organisation. */
  readonly app: App | null
}

/** What is listed where nothing is said: the live ones, and the one that ends last first. */
export const usualListing = { state: 'live', sort: 'expires_at', order: 'desc', search: '' } as const

export const listOrganisationTokens: Reading<ListOptions & { readonly slug: string }, Organisation, ListedTokens> = {
  name: 'token.list',
  mode: 'read',

  access: (scene, { slug }) => intendOnOrganisation(scene, slug, { action: actions.read }),

  async run({ tx, now }, { input, subject: organisation }) {
    return { ...(await tx.tokens.ofOrganisation(organisation.id, query(input, now))), organisation, app: null }
  },

  follow: goOn,
}

export const listAppTokens: Reading<ListOptions & { readonly appName: string }, FoundApp, ListedTokens> = {
  name: 'token.list',
  mode: 'read',

  access: (scene, { appName }) => intendOnApp(scene, appName, actions.read),

  async run({ tx, now }, { input, subject: { app, organisation } }) {
    return { ...(await tx.tokens.ofApp(app, query(input, now))), organisation, app }
  },

  follow: goOn,
}

/**
 * Fills the page of a search that finds few of many. Each read looks at ten thousand tokens at most, and others have
 * their turn between two.
 */
async function goOn(environment: Environment, page: ListedTokens, input: ListOptions): Promise<ListedTokens> {
  const { organisation, app } = page
  const items = [...page.items]
  let { next } = page
  for (let reads = 1; reads < mostReads && next !== undefined && items.length < input.limit; reads++) {
    await nextTurn()
    const rest = { ...query(input, environment.now()), limit: input.limit - items.length, after: next }
    const more = await environment.store.read((tx) =>
      app === null ? tx.tokens.ofOrganisation(organisation.id, rest) : tx.tokens.ofApp(app, rest),
    )
    for (const item of more.items) items.push(item)
    next = more.next
  }
  return { items, organisation, app, ...(next === undefined ? {} : { next }) }
}

// A million tokens: eight million are searched in eight requests.
const mostReads = 100

function query({ after, ...options }: ListOptions, now: number): TokenQuery {
  return after === undefined ? { ...options, now } : { ...options, now, after }
}
