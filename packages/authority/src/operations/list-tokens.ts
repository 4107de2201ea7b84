// token.list: the tokens of an organisation, or those limited to one app; never their secrets.
import { actions } from '@hallpass/macaroon'

import type { Organisation } from '../domain/organisation.ts'
import type { Page } from '../domain/page.ts'
import type { ListedToken, TokenQuery } from '../domain/token.ts'
import { intendOnApp, intendOnOrganisation, type FoundApp } from './intend.ts'
import type { Reading } from './operation.ts'

export interface ListOptions extends Omit<TokenQuery, 'now' | 'after'> {
  /** The id with which the page before ended. */
  readonly after: string | undefined
}

export interface ListedTokens extends Page<ListedToken, string> {
  readonly organisation: Organisation
}

/** What is listed where nothing is said: the live ones, and the one that ends last first. */
export const usualListing = { state: 'live', sort: 'expires_at', order: 'desc', search: '' } as const

export const listOrganisationTokens: Reading<ListOptions & { readonly slug: string }, Organisation, ListedTokens> = {
  name: 'token.list',
  mode: 'read',

  access: (scene, { slug }) => intendOnOrganisation(scene, slug, { action: actions.read }),

  async run({ tx, now }, { input, subject: organisation }) {
    return { ...(await tx.tokens.ofOrganisation(organisation.id, query(input, now))), organisation }
  },
}

export const listAppTokens: Reading<ListOptions & { readonly appName: string }, FoundApp, ListedTokens> = {
  name: 'token.list',
  mode: 'read',

  access: (scene, { appName }) => intendOnApp(scene, appName, actions.read),

  async run({ tx, now }, { input, subject: { app, organisation } }) {
    return { ...(await tx.tokens.ofApp(app, query(input, now))), organisation }
  },
}

function query({ after, ...options }: ListOptions, now: number): TokenQuery {
  return after === undefined ? { ...options, now } : { ...options, now, after }
}
