// session.list: the caller's own logins.
import type { Use } from '../../domain/use.ts'
import type { Session } from '../../domain/user.ts'
import { usesKnownSince } from '../perform/note-uses.ts'
import type { ReadOperation } from '../perform/operation.ts'
import { expectPerson, personal } from '../perform/personal.ts'

export interface ListedSession extends Session {
  /** Whether it is the session that asks. */
  readonly current: boolean
  /** Null if no use is known. */
  readonly lastUse: Use | null
  /** Milliseconds. */
  readonly usesKnownSince: number
}

const mostListed = 1000

export const listSessions: ReadOperation<undefined, undefined, readonly ListedSession[]> = {
  name: 'session.list',
  mode: 'read',
  access: personal('sessions'),

  async run({ tx, environment, now }, { actor }) {
    expectPerson(actor)
    const sessions = await tx.sessions.ofUser(actor.user.id, now, mostListed)
    const uses = await tx.uses.ofUser(actor.user.id, 'session')
    const since = await usesKnownSince(tx, environment.uses)
    return sessions.map((session) => ({
      ...session,
      current: session.id === actor.sessionId,
      lastUse: uses.get(session.id) ?? null,
      usesKnownSince: since,
    }))
  },
}
