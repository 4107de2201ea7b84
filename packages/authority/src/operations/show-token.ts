// token.show: what is remembered of one token.
import { actions } from '@hallpass/macaroon'

import { accessToken, type FoundToken } from './find-token.ts'
import type { Reading } from './operation.ts'

export const showToken: Reading<{ readonly id: string }, FoundToken, FoundToken> = {
  name: 'token.show',
  mode: 'read',

  access: (scene, { id }) => accessToken(scene, id, actions.read),

  async run(_scene, { subject }) {
    return subject
  },
}
