// audit.list: what happened in an organisation, newest first.
import { actions } from '@hallpass/macaroon'

import type { Organisation } from '../domain/organisation.ts'
import { intendOnOrganisation } from './intend.ts'
import type { Reading } from './operation.ts'
import { readPiece, restOfPage, type EventsPage, type PageEvents } from './page-events.ts'

export interface ListAuditEvents extends PageEvents {
  readonly slug: string
}

export const listAuditEvents: Reading<ListAuditEvents, Organisation, EventsPage> = {
  name: 'audit.list',
  mode: 'read',

  access: (scene, { slug }) => intendOnOrganisation(scene, slug, { action: actions.read, feature: 'authentication' }),

  run({ tx }, { input, subject }) {
    return readPiece(input, (asked) => tx.audit.ofOrganisation(subject.id, asked))
  },

  rest: restOfPage,
}
