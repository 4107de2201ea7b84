// Sessions: the auth tokens of people, by the hash of the token.
import { sql } from 'kysely'

import { DomainError } from '../domain/errors.ts'
import type { Session as UserSession } from '../domain/user.ts'
import { removeLoginUse, removeLoginUses } from './uses.ts'
import { noun } from './noun.ts'
import { lookup, query, type Param } from './query.ts'

export const sessions = noun('sessions', {
  byTokenHash: async (session, tokenHash) => {
    const row = await session.one(byTokenHash, { tokenHash: Buffer.from(tokenHash, 'hex') })
    return (
      row && {
        session: {
          id: row.id,
          userId: row.userId,
          kind: row.kind,
          label: row.label,
          createdAt: row.createdAt,
          expiresAt: row.expiresAt,
          provenAt: row.provenAt,
        },
        user: { id: row.userId, email: row.email, createdAt: row.userCreatedAt, emailProvenAt: row.emailProvenAt },
      }
    )
  },
  byId: (session, id) => session.one(byId, { id }),
  ofUser: (session, userId, now, limit) => session.many(ofUser, { userId, now, limit }),
  insert: async (session, { tokenHash, ...fields }) => {
    const row = await session.one(insert, { tokenHash: Buffer.from(tokenHash, 'hex'), ...fields })
    if (row === undefined) throw new DomainError('conflict', 'There is already a session with this auth token.')
    await session.run(removeEldest, { userId: fields.userId, most: mostSessions, limit: 100 })
    await removeLoginUses(session, 'session', fields.userId)
    return { id: row.id, ...fields }
  },
  delete: async (session, id) => {
    await session.run(remove, { id })
    await removeLoginUse(session, 'session', id)
  },
  deleteExpired: async (session, userId, now, spared) => {
    await session.run(removeExpired, { userId, now, spared })
    await removeLoginUses(session, 'session', userId)
  },
  deleteOthers: async (session, userId, id) => {
    await session.run(removeOthers, { userId, id })
    await removeLoginUses(session, 'session', userId)
  },
})

const byTokenHash = lookup((db, param: Param<{ tokenHash: Uint8Array }>) =>
  db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select([
      'sessions.id',
      'sessions.user_id as userId',
      'sessions.kind',
      'sessions.label',
      'sessions.created_at as createdAt',
      'sessions.expires_at as expiresAt',
      'sessions.proven_at as provenAt',
      'users.email',
      'users.created_at as userCreatedAt',
      'users.email_proven_at as emailProvenAt',
    ])
    .where('sessions.token_hash', '=', param('tokenHash')),
)

const listed = [
  'id',
  'user_id as userId',
  'kind',
  'label',
  'created_at as createdAt',
  'expires_at as expiresAt',
  'proven_at as provenAt',
] as const

const byId = query((db, param: Param<{ id: number }>) =>
  db.selectFrom('sessions').select(listed).where('id', '=', param('id')),
)

const ofUser = query((db, param: Param<{ userId: number; now: number; limit: number }>) =>
  db
    .selectFrom('sessions')
    .select(listed)
    .where('user_id', '=', param('userId'))
    .where('expires_at', '>', param('now'))
    .orderBy('id', 'desc')
    .limit(param('limit')),
)

const insert = query((db, param: Param<Omit<UserSession, 'id'> & { tokenHash: Uint8Array }>) =>
  db
    .insertInto('sessions')
    .values({
      user_id: param('userId'),
      token_hash: param('tokenHash'),
      kind: param('kind'),
      label: param('label'),
      created_at: param('createdAt'),
      expires_at: param('expiresAt'),
      proven_at: param('provenAt'),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id'),
)

const remove = query((db, param: Param<{ id: number }>) => db.deleteFrom('sessions').where('id', '=', param('id')))

const removeExpired = query((db, param: Param<{ userId: number; now: number; spared: number }>) =>
  db
    .deleteFrom('sessions')
    .where('user_id', '=', param('userId'))
    .where('expires_at', '<=', param('now'))
    .where('id', '<=', (eb) =>
      eb
        .selectFrom('sessions as youngest')
        .select('youngest.id')
        .where('youngest.user_id', '=', param('userId'))
        .orderBy('youngest.id', 'desc')
        .limit(sql<number>`1`)
        .offset(param('spared')),
    ),
)

const removeOthers = query((db, param: Param<{ userId: number; id: number }>) =>
  db.deleteFrom('sessions').where('user_id', '=', param('userId')).where('id', '<>', param('id')),
)

// A limit, so that ending all of them, as a new password does, does not hold up others.
const mostSessions = 1000

const removeEldest = query((db, param: Param<{ userId: number; most: number; limit: number }>) =>
  db
    .deleteFrom('sessions')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('sessions')
        .select('id')
        .where('user_id', '=', param('userId'))
        .orderBy('id', 'desc')
        .limit(param('limit'))
        .offset(param('most')),
    ),
)
