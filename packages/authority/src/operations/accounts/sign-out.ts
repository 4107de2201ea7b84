// user.sign_out: ends the session of the auth token in the request.
import { DomainError } from '../../domain/errors.ts'
import type { WriteOperation } from '../perform/operation.ts'

export const signOut: WriteOperation<undefined, undefined, undefined> = {
  name: 'user.sign_out',
  mode: 'write',
  isUrgent: true,

  async access() {
    return { subject: undefined, requirement: { kind: 'person' }, target: 'session', organisationId: null }
  },

  async run({ tx }, { actor }) {
    if (actor.kind !== 'user') throw new DomainError('forbidden', 'a token has no session to end: revoke it instead')
    await tx.sessions.delete(actor.sessionId)
    return undefined
  },
}
