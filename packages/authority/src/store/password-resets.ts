// Codes for setting a new password, by their hash.
import { DomainError } from '../domain/errors.ts'
import type { Transaction } from '../domain/store.ts'
import type { PasswordReset } from '../domain/user.ts'
import { query, type Param, type QuerySession } from './query.ts'

export function passwordResets(session: QuerySession): Transaction['passwordResets'] {
  return {
    byCodeHash: (codeHash) => session.one(byCodeHash, { codeHash }),
    insert: async ({ userId, codeHash, madeBy, createdAt, expiresAt }) => {
      await session.run(removeEnded, { now: createdAt })
      if (await session.insert(insert, { userId, codeHash, madeBy, createdAt, expiresAt })) return
      throw new DomainError('conflict', 'There is already a reset with this code.')
    },
    deleteOfUser: (userId) => session.run(removeOfUser, { userId }),
  }
}

const byCodeHash = query((db, param: Param<{ codeHash: Uint8Array }>) =>
  db
    .selectFrom('password_resets')
    .select([
      'user_id as userId',
      'code_hash as codeHash',
      'made_by as madeBy',
      'created_at as createdAt',
      'expires_at as expiresAt',
    ])
    .where('code_hash', '=', param('codeHash')),
)

const insert = query((db, param: Param<PasswordReset>) =>
  db
    .insertInto('password_resets')
    .values({
      user_id: param('userId'),
      code_hash: param('codeHash'),
      made_by: param('madeBy'),
      created_at: param('createdAt'),
      expires_at: param('expiresAt'),
    })
    .onConflict((conflict) => conflict.doNothing()),
)

const removeEnded = query((db, param: Param<{ now: number }>) =>
  db.deleteFrom('password_resets').where('expires_at', '<=', param('now')),
)

const removeOfUser = query((db, param: Param<{ userId: number }>) =>
  db.deleteFrom('password_resets').where('user_id', '=', param('userId')),
)
