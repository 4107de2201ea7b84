// User accounts. The row of a deleted account stays without its address, because many rows may refer to it.
import { sql } from 'kysely'

import { DomainError } from '../domain/errors.ts'
import type { Transaction } from '../domain/store.ts'
import type { AddressProof } from '../domain/user.ts'
import { removeDigests } from './digests.ts'
import { tell } from './feed.ts'
import { lookup, query, type Param, type QuerySession } from './query.ts'

export function users(session: QuerySession): Transaction['users'] {
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
    list: async () => {
      const rows = await session.many(list, {})
      return rows.map(({ passwordHash: hash, ...user }) => ({ ...user, hasPassword: hash !== '' }))
    },
    insert: async ({ email, passwordHash: hash, createdAt, emailProvenAt, emailProvenBy }) => {
      const values = { email, passwordHash: hash ?? '', createdAt, emailProvenAt, emailProvenBy }
      const row = await session.one(insert, values)
      if (row === undefined) throw new DomainError('conflict', 'There is already an account with this email address.')
      return { id: row.id, email, createdAt, emailProvenAt }
    },
    setPasswordHash: (id, hash) => session.run(setPasswordHash, { id, hash: hash ?? '' }),
    prove: (id, at, by) => session.run(prove, { id, at, by }),
    delete: async (id, at) => {
      await removeDigests(session, id)
      await session.run(bury, { id, at })
      await tell(session, { kind: 'person', id })
    },
  }
}

/** Columns of the person who made something, by a join that may find nobody; a deleted account counts as nobody. */
export const creatorColumns = [
  sql<string | null>`case when users.deleted_at is null then users.email end`.as('createdByEmail'),
  'users.email_proven_at as createdByProvenAt',
] as const

const columns = ['id', 'email', 'created_at as createdAt', 'email_proven_at as emailProvenAt'] as const

const byId = lookup((db, param: Param<{ id: number }>) =>
  db.selectFrom('users').select(columns).where('id', '=', param('id')).where('deleted_at', 'is', null),
)

const byEmail = query((db, param: Param<{ email: string }>) =>
  db
    .selectFrom('users')
    .select(columns)
    .select('password_hash as passwordHash')
    .where('email', '=', param('email'))
    .where('deleted_at', 'is', null),
)

const list = query((db) =>
  db
    .selectFrom('users')
    .select(columns)
    .select(['email_proven_by as emailProvenBy', 'password_hash as passwordHash'])
    .where('deleted_at', 'is', null)
    .orderBy('email'),
)

const passwordHash = query((db, param: Param<{ id: number }>) =>
  db
    .selectFrom('users')
    .select('password_hash as passwordHash')
    .where('id', '=', param('id'))
    .where('deleted_at', 'is', null),
)

const setPasswordHash = query((db, param: Param<{ id: number; hash: string }>) =>
  db
    .updateTable('users')
    .set({ password_hash: param('hash') })
    .where('id', '=', param('id')),
)

const prove = query((db, param: Param<{ id: number; at: number; by: AddressProof }>) =>
  db
    .updateTable('users')
    .set({ email_proven_at: param('at'), email_proven_by: param('by') })
    .where('id', '=', param('id')),
)

// The replacement is not an email address, so nobody can sign up with it.
const bury = query((db, param: Param<{ id: number; at: number }>) =>
  db
    .updateTable('users')
    .set({ email: sql<string>`'deleted:' || id`, password_hash: sql<string>`''`, deleted_at: param('at') })
    .where('id', '=', param('id')),
)

const any = query((db) =>
  db
    .selectFrom('users')
    .select('id')
    .where('deleted_at', 'is', null)
    .limit((eb) => eb.lit(1)),
)

const insert = query(
  (
    db,
    param: Param<{
      email: string
      passwordHash: string
      createdAt: number
      emailProvenAt: number | null
      emailProvenBy: AddressProof | null
    }>,
  ) =>
    db
      .insertInto('users')
      .values({
        email: param('email'),
        password_hash: param('passwordHash'),
        created_at: param('createdAt'),
        email_proven_at: param('emailProvenAt'),
        email_proven_by: param('emailProvenBy'),
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id'),
)
