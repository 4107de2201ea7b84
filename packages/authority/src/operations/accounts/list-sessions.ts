// session.list: the caller's own logins.
import type { Session } from '../../domain/user.ts'
import type { ReadOperation } from '../perform/operation.ts'
import { expectPerson, personal } from '../perform/personal.ts'

export interface ListedSession extends Session {
  /** Whether it is the session that asks. */
  readonly current: boolean
}

const mostListed = 1000

export const listSessions: ReadOperation<undefined, undefined, readonly ListedSession[]> = {
  name: 'session.list',
  mode: 'read',
  access: personal('sessions'),

  async run({ tx, now }, { actor }) {
    expectPerson(actor)
    const sessions = await tx.sessions.ofUser(actor.user.id, now, mostListed)
    return sessions.map((session) => ({ ...session, current: session.id === actor.sessionId }))
  },
}
