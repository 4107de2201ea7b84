// Identities at OpenID providers.
import { DomainError } from '../domain/errors.ts'
import type { Identity } from '../domain/identity.ts'
import type { Transaction } from '../domain/store.ts'
import { query, type Param, type QuerySession } from './query.ts'

export function identities(session: QuerySession): Transaction['identities'] {
  return {
    find: (issuer, subject) => session.one(find, { issuer, subject }),
    exists: async (userId, issuer) => (await session.one(any, { userId, issuer })) !== undefined,
    insert: async ({ issuer, subject, userId, createdAt }) => {
      const inserted = await session.insert(insert, { issuer, subject, userId, createdAt })
      if (!inserted) throw new DomainError('conflict', 'This identity belongs to an account already.')
    },
    deleteOfUser: (userId) => session.run(removeOfUser, { userId }),
  }
}

const columns = ['issuer', 'subject', 'user_id as userId', 'created_at as createdAt'] as const

const find = query((db, param: Param<{ issuer: string; subject: string }>) =>
  db
    .selectFrom('identities')
    .select(columns)
    .where('issuer', '=', param('issuer'))
    .where('subject', '=', param('subject')),
)

const any = query((db, param: Param<{ userId: number; issuer: string }>) =>
  db
    .selectFrom('identities')
    .select('user_id')
    .where('user_id', '=', param('userId'))
    .where('issuer', '=', param('issuer'))
    .limit((eb) => eb.lit(1)),
)

const insert = query((db, param: Param<Identity>) =>
  db
    .insertInto('identities')
    .values({
      issuer: param('issuer'),
      subject: param('subject'),
      user_id: param('userId'),
      created_at: param('createdAt'),
    })
    .onConflict((conflict) => conflict.doNothing()),
)

const removeOfUser = query((db, param: Param<{ userId: number }>) =>
  db.deleteFrom('identities').where('user_id', '=', param('userId')),
)
