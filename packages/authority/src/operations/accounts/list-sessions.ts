// session.list: the caller's own logins.
import { DomainError } from '../../domain/errors.ts'
import type { Session } from '../../domain/user.ts'
import type { ReadOperation } from '../perform/operation.ts'

export interface ListedSession extends Session {
  /** Whether it is the session that asks. */
  readonly current: boolean
}

const mostListed = 1000

export const listSessions: ReadOperation<undefined, undefined, readonly ListedSession[]> = {
  name: 'session.list',
  mode: 'read',

  async access() {
    return { subject: undefined, requirement: { kind: 'person' }, target: 'sessions', organisationId: null }
  },

  async run({ tx, now }, { actor }) {
    if (actor.kind !== 'user') throw new DomainError('forbidden', 'a token has no sessions')
    const sessions = await tx.sessions.ofUser(actor.user.id, now, mostListed)
    return sessions.map((session) => ({ ...session, current: session.id === actor.sessionId }))
  },
}
