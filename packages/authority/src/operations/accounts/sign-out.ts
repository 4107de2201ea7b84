// user.sign_out: ends the session of the auth token in the request.
import type { WriteOperation } from '../perform/operation.ts'
import { expectPerson, personal } from '../perform/personal.ts'

export const signOut: WriteOperation<undefined, undefined, undefined> = {
  name: 'user.sign_out',
  mode: 'write',
  isUrgent: true,
  access: personal('session'),

  async run({ tx }, { actor }) {
    expectPerson(actor)
    await tx.sessions.delete(actor.sessionId)
    return undefined
  },
}
