// Sessions: the auth tokens that people carry after login, by the hash of the token.
import { DomainError } from '../domain/errors.ts'
import type { Transaction } from '../domain/store.ts'
import type { Session as UserSession } from '../domain/user.ts'
import { query, type Param, type Session } from './query.ts'

export function sessions(session: Session): Transaction['sessions'] {
  return {
    byTokenHash: async (tokenHash) => {
      const row = await session.one(byTokenHash, { tokenHash })
      return (
        row && {
          session: { id: row.id, userId: row.userId, createdAt: row.createdAt, expiresAt: row.expiresAt },
          user: { id: row.userId, email: row.email, createdAt: row.userCreatedAt },
        }
      )
    },
    insert: async ({ userId, tokenHash, createdAt, expiresAt }) => {
      const row = await session.one(insert, { userId, tokenHash, createdAt, expiresAt })
      if (row === undefined) throw new DomainError('conflict', 'There is already a session with this auth token.')
      return { id: row.id, userId, createdAt, expiresAt }
    },
    delete: (id) => session.run(remove, { id }),
    deleteExpired: (userId, now) => session.run(removeExpired, { userId, now }),
  }
}

const byTokenHash = query((db, param: Param<{ tokenHash: Uint8Array }>) =>
  db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select([
      'sessions.id',
      'sessions.user_id as userId',
      'sessions.created_at as createdAt',
      'sessions.expires_at as expiresAt',
      'users.email',
      'users.created_at as userCreatedAt',
    ])
    .where('sessions.token_hash', '=', param('tokenHash')),
)

const insert = query((db, param: Param<Omit<UserSession, 'id'> & { tokenHash: Uint8Array }>) =>
  db
    .insertInto('sessions')
    .values({
      user_id: param('userId'),
      token_hash: param('tokenHash'),
      created_at: param('createdAt'),
      expires_at: param('expiresAt'),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id'),
)

const remove = query((db, param: Param<{ id: number }>) => db.deleteFrom('sessions').where('id', '=', param('id')))

const removeExpired = query((db, param: Param<{ userId: number; now: number }>) =>
  db.deleteFrom('sessions').where('user_id', '=', param('userId')).where('expires_at', '<=', param('now')),
)
