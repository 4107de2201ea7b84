// audit.list: the audit events of an organisation, newest first.
import { actions } from '@hallpass/macaroon'

import type { Organisation } from '../../domain/organisation.ts'
import { accessOrganisation } from './find-organisation.ts'
import type { ReadOperation } from '../perform/operation.ts'
import { readPiece, restOfPage, type EventsPage, type PageEvents } from './page-events.ts'

export interface ListAuditEvents extends PageEvents {
  readonly slug: string
}

export const listAuditEvents: ReadOperation<ListAuditEvents, Organisation, EventsPage> = {
  name: 'audit.list',
  mode: 'read',

  access: (context, { slug }) => accessOrganisation(context, slug, { action: actions.read, feature: 'authentication' }),

  run({ tx }, { input, subject }) {
    return readPiece(input, (asked) => tx.audit.ofOrganisation(subject.id, asked))
  },

  rest: restOfPage,
}
