// Passkeys and their challenges.
import { DomainError } from '../domain/errors.ts'
import type { Passkey, PasskeyChallenge } from '../domain/passkey.ts'
import type { Transaction } from '../domain/store.ts'
import { removeExpired } from './expired-rows.ts'
import { removeLoginUse, removeLoginUses } from './uses.ts'
import { query, type Param, type QuerySession } from './query.ts'

export function passkeys(session: QuerySession): Transaction['passkeys'] {
  return {
    byCredentialId: async (credentialId) => {
      const row = await session.one(byCredentialId, { credentialId })
      return row && toPasskey(row)
    },
    ofUser: async (userId) => (await session.many(ofUser, { userId })).map(toPasskey),
    insert: async ({ userId, credentialId, publicKey, signCount, transports, name, createdAt, lastUsedAt }) => {
      const passkey = { userId, credentialId, publicKey, signCount, name, createdAt, lastUsedAt }
      const row = await session.one(insert, { ...passkey, transports: transports.join(' ') })
      if (row === undefined) throw new DomainError('conflict', 'There is already this passkey.')
      return { id: row.id, ...passkey, transports }
    },
    use: (id, signCount, at) => session.run(use, { id, signCount, at }),
    delete: async (id) => {
      await session.run(remove, { id })
      await removeLoginUse(session, 'passkey', id)
    },
    deleteOfUser: async (userId) => {
      await session.run(removeAllOfUser, { userId })
      await removeLoginUses(session, 'passkey', userId)
    },
  }
}

export function passkeyChallenges(session: QuerySession): Transaction['passkeyChallenges'] {
  return {
    insert: async ({ handle, challengeHash, userId, expiresAt }, { now, most }) => {
      const row = await session.one(insertChallenge, { handle, challengeHash, userId, expiresAt })
      if (row === undefined) throw new DomainError('conflict', 'There is already this challenge.')
      await removeExpired(session, 'passkey_challenges', now)
      // Ids increase, so that the oldest are those with the lowest ids.
      await session.run(removeUpTo, { id: row.id - most })
    },
    take: (handle) => session.one(takeChallenge, { handle }),
    deleteOfUser: (userId) => session.run(removeOfUser, { userId }),
  }
}

const columns = [
  'id',
  'user_id as userId',
  'credential_id as credentialId',
  'public_key as publicKey',
  'sign_count as signCount',
  'transports',
  'name',
  'created_at as createdAt',
  'last_used_at as lastUsedAt',
] as const

type Row = Omit<Passkey, 'transports'> & { readonly transports: string }

function toPasskey({ transports, ...row }: Row): Passkey {
  return { ...row, transports: transports === '' ? [] : transports.split(' ') }
}

const byCredentialId = query((db, param: Param<{ credentialId: Uint8Array }>) =>
  db.selectFrom('passkeys').select(columns).where('credential_id', '=', param('credentialId')),
)

const ofUser = query((db, param: Param<{ userId: number }>) =>
  db.selectFrom('passkeys').select(columns).where('user_id', '=', param('userId')).orderBy('id'),
)

const insert = query((db, param: Param<Omit<Row, 'id'>>) =>
  db
    .insertInto('passkeys')
    .values({
      user_id: param('userId'),
      credential_id: param('credentialId'),
      public_key: param('publicKey'),
      sign_count: param('signCount'),
      transports: param('transports'),
      name: param('name'),
      created_at: param('createdAt'),
      last_used_at: param('lastUsedAt'),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id'),
)

const use = query((db, param: Param<{ id: number; signCount: number; at: number }>) =>
  db
    .updateTable('passkeys')
    .set({ sign_count: param('signCount'), last_used_at: param('at') })
    .where('id', '=', param('id')),
)

const remove = query((db, param: Param<{ id: number }>) => db.deleteFrom('passkeys').where('id', '=', param('id')))

const insertChallenge = query((db, param: Param<PasskeyChallenge>) =>
  db
    .insertInto('passkey_challenges')
    .values({
      handle: param('handle'),
      challenge_hash: param('challengeHash'),
      user_id: param('userId'),
      expires_at: param('expiresAt'),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id'),
)

const takeChallenge = query((db, param: Param<{ handle: Uint8Array }>) =>
  db
    .deleteFrom('passkey_challenges')
    .where('handle', '=', param('handle'))
    .returning(['handle', 'challenge_hash as challengeHash', 'user_id as userId', 'expires_at as expiresAt']),
)

const removeUpTo = query((db, param: Param<{ id: number }>) =>
  db.deleteFrom('passkey_challenges').where('id', '<=', param('id')),
)

const removeOfUser = query((db, param: Param<{ userId: number }>) =>
  db.deleteFrom('passkey_challenges').where('user_id', '=', param('userId')),
)

const removeAllOfUser = query((db, param: Param<{ userId: number }>) =>
  db.deleteFrom('passkeys').where('user_id', '=', param('userId')),
)
