// token.show: the stored record of one token.
import { actions } from '@hallpass/macaroon'

import { accessToken, type FoundToken } from './find-token.ts'
import type { ReadOperation } from '../perform/operation.ts'

export const showToken: ReadOperation<{ readonly id: string }, FoundToken, FoundToken> = {
  name: 'token.show',
  mode: 'read',

  access: (context, { id }) => accessToken(context, id, actions.read),

  async run(_scene, { subject }) {
    return subject
  },
}
