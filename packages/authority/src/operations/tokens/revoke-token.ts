// token.revoke: from the commit on, the token is dead with every token attenuated from it and every token that it
// minted.
import { actions } from '@hallpass/macaroon'

import type { DescendantsRevoked } from '../../domain/token.ts'
import { finishRevocations } from './finish-revocations.ts'
import { accessToken, type FoundToken } from './find-token.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { describeCredential } from '../perform/principal.ts'

export interface RevokeToken {
  readonly id: string
  /** What happens to the tokens that it minted, directly or not. */
  readonly descendants: 'revoke' | 'keep'
}

export interface RevokedToken extends FoundToken {
  /** Whether it was live until now. */
  readonly wasLive: boolean
  readonly descendants: DescendantsRevoked
}

export const revokeToken: WriteOperation<RevokeToken, FoundToken, RevokedToken> = {
  name: 'token.revoke',
  mode: 'write',
  isUrgent: true,

  access: (context, { id }) => accessToken(context, id, actions.write),

  async run({ tx, now }, { input, subject: { record, organisation, usesKnownSince }, actor }) {
    const revokedBy = describeCredential(actor)
    // The first revocation is kept, and asking again succeeds: it revokes what an earlier one spared.
    const wasLive = record.revokedAt === null
    if (wasLive) await tx.tokens.revoke(record.id, now, revokedBy)
    const descendants =
      input.descendants === 'keep'
        ? { revoked: 0, more: false }
        : await tx.tokens.revokeDescendants(record.id, now, `${revokedBy}, with token ${record.id}`)
    return {
      record: wasLive ? { ...record, revokedAt: now, revokedBy } : record,
      organisation,
      usesKnownSince,
      wasLive,
      descendants,
    }
  },

  auditDetails({ record, organisation, wasLive, descendants }) {
    if (!wasLive && descendants.revoked === 0 && !descendants.more) return undefined
    return { target: `token ${record.id}`, organisationId: organisation.id, reason: sayDescendants(descendants) }
  },

  afterCommit: finishRevocations,
}

/** With what else a token was revoked; empty if with nothing. */
export function sayDescendants({ revoked, more }: DescendantsRevoked): string {
  if (more) return `with more than ${revoked} tokens that it minted`
  if (revoked === 0) return ''
  return `with ${revoked === 1 ? 'the token' : `the ${revoked} tokens`} that it minted`
}
