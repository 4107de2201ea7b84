// token.show: the stored record of one token.
import { actions } from '@hallpass/macaroon'

import type { RevokedDerived } from '../../domain/token.ts'
import { accessToken, type FoundToken } from './find-token.ts'
import type { ReadOperation } from '../perform/operation.ts'

export interface ShownToken extends FoundToken {
  /** The last revoked of the tokens that holders derived from it, the last one first. */
  readonly revokedDerived: readonly RevokedDerived[]
}

export const showToken: ReadOperation<{ readonly id: string }, FoundToken, ShownToken> = {
  name: 'token.show',
  mode: 'read',

  access: (context, { id }) => accessToken(context, id, actions.read),

  async run({ tx }, { subject }) {
    return { ...subject, revokedDerived: await tx.tokens.revokedDerived(subject.record.id, mostShown) }
  },
}

const mostShown = 100
