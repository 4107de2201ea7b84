// token.history: what a token did, and what was done to it, newest first. It is a part of the audit trail, and as open.
import { actions } from '@hallpass/macaroon'

import type { StoredAuditEvent } from '../domain/audit-event.ts'
import type { Page } from '../domain/page.ts'
import { accessToken, type FoundToken } from './find-token.ts'
import type { Reading } from './operation.ts'

export interface ShowTokenHistory {
  readonly id: string
  readonly limit: number
  /** The id of the last event seen. */
  readonly before: number | undefined
}

export const showTokenHistory: Reading<ShowTokenHistory, FoundToken, Page<StoredAuditEvent, number>> = {
  name: 'token.history',
  mode: 'read',

  async access(scene, { id }) {
    const { subject, target, organisationId } = await accessToken(scene, id, actions.read)
    const access = { action: actions.read, feature: 'authentication' }
    // Nobody is exempt, as with the trail itself: neither who made the token, and may have left, nor who holds it.
    return {
      subject,
      target,
      organisationId,
      requirement: { kind: 'access', organisation: subject.organisation, access },
    }
  },

  run({ tx }, { input: { limit, before }, subject: { record } }) {
    const { id, organisationId, createdAt, createdByEmail } = record
    const discharge = `discharge of token ${id}`
    const targets = [`token ${id}`, discharge, `${discharge}, to be confirmed by ${createdByEmail ?? ''}`] as const
    const page = before === undefined ? { limit } : { limit, before }
    return tx.audit.ofToken({ id, organisationId, createdAt, targets }, page)
  },
}
