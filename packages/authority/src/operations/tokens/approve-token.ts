// token.approve: an admin lets a token be good that somebody else made. No token does that.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import { judge } from '../perform/blocks.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { describeEnd } from '../perform/principal.ts'
import { accessToken, type FoundToken } from './find-token.ts'

export interface ApprovedToken extends FoundToken {
  /** Whether it was not approved until now. */
  readonly isNew: boolean
}

export const approveToken: WriteOperation<{ readonly id: string }, FoundToken, ApprovedToken> = {
  name: 'token.approve',
  mode: 'write',

  async access(context, { id }) {
    const request = await accessToken(context, id, actions.read)
    const { organisation } = request.subject
    return {
      ...request,
      requirement: {
        kind: 'access',
        organisation,
        access: { action: actions.write, feature: 'settings' },
        refuse: ({ kind }) => (kind === 'token' ? personNeeded : undefined),
      },
    }
  },

  async run({ tx, now }, { subject }) {
    const { record, organisation } = subject
    const end = describeEnd(record, record.expiresAt, now)
    if (end !== undefined) throw new DomainError('conflict', end)
    if (record.isApproved) return { ...subject, isNew: false }
    await tx.tokens.approve(record.id)
    const [approved = record] = await judge(tx, organisation, [{ ...record, isApproved: true }])
    return { ...subject, record: approved, isNew: true }
  },

  auditDetails: ({ isNew }) => (isNew ? {} : undefined),
}

const personNeeded = 'only a person who is logged in may approve tokens; a token may not'
