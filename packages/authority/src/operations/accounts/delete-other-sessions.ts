// session.delete_others: ends all of the person's own logins but the one that asks.
import type { WriteOperation } from '../perform/operation.ts'
import { expectPerson, personal } from '../perform/personal.ts'

export const deleteOtherSessions: WriteOperation<undefined, undefined, undefined> = {
  name: 'session.delete_others',
  mode: 'write',
  isUrgent: true,

  access: personal('sessions'),

  async run({ tx }, { actor }) {
    expectPerson(actor)
    await tx.sessions.deleteOthers(actor.user.id, actor.sessionId)
    return undefined
  },
}
