// token.history: the audit events by and about a token, newest first. It is as accessible as the audit trail.
import { actions } from '@hallpass/macaroon'

import { accessToken, type FoundToken } from './find-token.ts'
import type { ReadOperation } from '../perform/operation.ts'
import { readPiece, restOfPage, type EventsPage, type PageEvents } from '../organisations/page-events.ts'

export interface ShowTokenHistory extends PageEvents {
  readonly id: string
}

export const showTokenHistory: ReadOperation<ShowTokenHistory, FoundToken, EventsPage> = {
  name: 'token.history',
  mode: 'read',

  async access(context, { id }) {
    const { subject, target, organisationId } = await accessToken(context, id, actions.read)
    const access = { action: actions.read, feature: 'authentication' }
    // Nobody is exempt, as with the trail itself: neither the token's maker, who may have left, nor its holder.
    return {
      subject,
      target,
      organisationId,
      requirement: { kind: 'access', organisation: subject.organisation, access },
    }
  },

  run({ tx }, { input, subject: { record } }) {
    const { id, organisationId, createdAt, createdByEmail } = record
    const discharge = `discharge of token ${id}`
    const targets = [`token ${id}`, discharge, `${discharge}, to be confirmed by ${createdByEmail ?? ''}`] as const
    return readPiece(input, (asked) => tx.audit.ofToken({ id, organisationId, createdAt, targets }, asked))
  },

  rest: restOfPage,
}
