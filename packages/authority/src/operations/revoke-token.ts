// token.revoke: from the commit on the token is dead, and every token attenuated from it.
import { actions } from '@hallpass/macaroon'

import { accessToken, type FoundToken } from './find-token.ts'
import type { Writing } from './operation.ts'
import { describeCredential } from './principal.ts'

export const revokeToken: Writing<{ readonly id: string }, FoundToken, FoundToken> = {
  name: 'token.revoke',
  mode: 'write',

  access: (scene, { id }) => accessToken(scene, id, actions.write),

  async run({ tx, now }, { subject: { record, organisation }, actor }) {
    // The first revocation stands: asking again changes nothing, and succeeds.
    if (record.revokedAt !== null) return { record, organisation }
    const revokedBy = describeCredential(actor)
    await tx.tokens.revoke(record.id, now, revokedBy)
    return { record: { ...record, revokedAt: now, revokedBy }, organisation }
  },
}
