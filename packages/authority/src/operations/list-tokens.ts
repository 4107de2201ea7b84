// token.list: the tokens of an organisation, or those limited to one app; never their secrets.
import { actions } from '@hallpass/macaroon'

import type { Organisation } from '../domain/organisation.ts'
import type { Page } from '../domain/page.ts'
import type { ListedToken, TokenCursor } from '../domain/token.ts'
import { intendOnApp, intendOnOrganisation, type FoundApp } from './intend.ts'
import type { Reading } from './operation.ts'

interface ListOptions {
  readonly state: 'live' | 'all'
  readonly limit: number
  readonly after: TokenCursor | undefined
}

export interface ListedTokens extends Page<ListedToken, TokenCursor> {
  readonly organisation: Organisation
}

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
    return { ...(await tx.tokens.ofApp(app.id, query(input, now))), organisation }
  },
}

function query({ state, limit, after }: ListOptions, now: number) {
  return after === undefined ? { state, limit, now } : { state, limit, now, after }
}
