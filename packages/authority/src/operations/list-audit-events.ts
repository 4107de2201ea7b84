// audit.list: what happened in an organisation, newest first.
import { actions } from '@hallpass/macaroon'

import type { StoredAuditEvent } from '../domain/audit-event.ts'
import type { Organisation } from '../domain/organisation.ts'
import type { Page } from '../domain/page.ts'
import { intendOnOrganisation } from './intend.ts'
import type { Reading } from './operation.ts'

export interface ListAuditEvents {
  readonly slug: string
  readonly limit: number
  /** The id of the last event seen. */
  readonly before: number | undefined
}

export const listAuditEvents: Reading<ListAuditEvents, Organisation, Page<StoredAuditEvent, number>> = {
  name: 'audit.list',
  mode: 'read',

  access: (scene, { slug }) => intendOnOrganisation(scene, slug, { action: actions.read, feature: 'authentication' }),

  run({ tx }, { input: { limit, before }, subject }) {
    return tx.audit.ofOrganisation(subject.id, before === undefined ? { limit } : { limit, before })
  },
}
