// User accounts.
import { DomainError } from '../domain/errors.ts'
import type { Transaction } from '../domain/store.ts'
import { query, type Param, type Session } from './query.ts'

export function users(session: Session): Transaction['users'] {
  return {
    byId: (id) => session.one(byId, { id }),
    byEmail: async (email) => {
      const row = await session.one(byEmail, { email })
      return row && { ...row, passwordHash: row.passwordHash || null }
    },
    passwordHash: async (id) => {
      const row = await session.one(passwordHash, { id })
      return row && (row.passwordHash || null)
    },
    exist: async () => (await session.one(any, {})) !== undefined,
    insert: async ({ email, passwordHash, createdAt }) => {
      const row = await session.one(insert, { email, passwordHash: passwordHash ?? '', createdAt })
      if (row === undefined) throw new DomainError('conflict', 'There is already an account with this email address.')
      return { id: row.id, email, createdAt }
    },
    setPasswordHash: (id, hash) => session.run(setPasswordHash, { id, hash }),
  }
}

const byId = query((db, param: Param<{ id: number }>) =>
  db.selectFrom('users').select(['id', 'email', 'created_at as createdAt']).where('id', '=', param('id')),
)

const byEmail = query((db, param: Param<{ email: string }>) =>
  db
    .selectFrom('users')
    .select(['id', 'email', 'password_hash as passwordHash', 'created_at as createdAt'])
    .where('email', '=', param('email')),
)

const passwordHash = query((db, param: Param<{ id: number }>) =>
  db.selectFrom('users').select('password_hash as passwordHash').where('id', '=', param('id')),
)

const setPasswordHash = query((db, param: Param<{ id: number; hash: string }>) =>
  db
    .updateTable('users')
    .set({ password_hash: param('hash') })
    .where('id', '=', param('id')),
)

const any = query((db) =>
  db
    .selectFrom('users')
    .select('id')
    .limit((eb) => eb.lit(1)),
)

const insert = query((db, param: Param<{ email: string; passwordHash: string; createdAt: number }>) =>
  db
    .insertInto('users')
    .values({ email: param('email'), password_hash: param('passwordHash'), created_at: param('createdAt') })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id'),
)
