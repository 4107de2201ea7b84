// token.list: the tokens of an organisation, or those limited to one app; never their secrets.
import { actions } from '@hallpass/macaroon'

import type { Organisation } from '../domain/organisation.ts'
import type { Page } from '../domain/page.ts'
import type { ListedToken, TokenCursor } from '../domain/token.ts'
import { findApp, findOrganisation } from './find.ts'
import type { Reading } from './operation.ts'
import type { FoundApp } from './show-app.ts'

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

  async access(scene, { slug }) {
    const organisation = await findOrganisation(scene, slug)
    return {
      subject: organisation,
      requirement: { kind: 'access', organisation, access: { action: actions.read } },
      target: `organisation ${organisation.slug}`,
      organisationId: organisation.id,
    }
  },

  async run({ tx, now }, { input, subject: organisation }) {
    return { ...(await tx.tokens.ofOrganisation(organisation.id, query(input, now))), organisation }
  },
}

export const listAppTokens: Reading<ListOptions & { readonly appName: string }, FoundApp, ListedTokens> = {
  name: 'token.list',
  mode: 'read',

  async access(scene, { appName }) {
    const found = await findApp(scene, appName)
    return {
      subject: found,
      requirement: {
        kind: 'access',
        organisation: found.organisation,
        access: { action: actions.read, appId: BigInt(found.app.id) },
      },
      target: `app ${appName}`,
      organisationId: found.organisation.id,
    }
  },

  async run({ tx, now }, { input, subject: { app, organisation } }) {
    return { ...(await tx.tokens.ofApp(app.id, query(input, now))), organisation }
  },
}

function query({ state, limit, after }: ListOptions, now: number) {
  return after === undefined ? { state, limit, now } : { state, limit, now, after }
}
