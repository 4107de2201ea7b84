// The setup code: at most one row.
import type { Transaction } from '../domain/store.ts'
import type { SetupCode } from '../domain/user.ts'
import { query, type Param, type QuerySession } from './query.ts'

export function setupCode(session: QuerySession): Transaction['setupCode'] {
  return {
    get: () => session.one(current, {}),
    replace: ({ codeHash, createdAt, expiresAt }) => session.run(upsert, { codeHash, createdAt, expiresAt }),
    delete: () => session.run(remove, {}),
  }
}

const current = query((db) =>
  db.selectFrom('setup_code').select(['code_hash as codeHash', 'created_at as createdAt', 'expires_at as expiresAt']),
)

const upsert = query((db, param: Param<SetupCode>) =>
  db
    .insertInto('setup_code')
    .values((eb) => ({
      id: eb.lit(1),
      code_hash: param('codeHash'),
      created_at: param('createdAt'),
      expires_at: param('expiresAt'),
    }))
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({
        code_hash: eb.ref('excluded.code_hash'),
        created_at: eb.ref('excluded.created_at'),
        expires_at: eb.ref('excluded.expires_at'),
      })),
    ),
)

const remove = query((db) => db.deleteFrom('setup_code'))
