// Verifiers: a handful of rows.
import { DomainError } from '../domain/errors.ts'
import type { Transaction } from '../domain/store.ts'
import type { NewVerifier } from '../domain/verifier.ts'
import { tell } from './feed.ts'
import { query, type Param, type QuerySession } from './query.ts'

export function verifiers(session: QuerySession): Transaction['verifiers'] {
  return {
    bySecretHash: (hash) => session.one(bySecretHash, { hash }),
    list: () => session.many(list, {}),
    insert: async ({ name, secretHash, createdAt }) => {
      const row = await session.one(insert, { name, secretHash, createdAt })
      if (row === undefined) throw new DomainError('conflict', `There is already a verifier with the name ${name}.`)
      return { id: row.id, name, createdAt }
    },
    delete: async (id) => {
      await session.run(remove, { id })
      await tell(session, { kind: 'verifier', id })
    },
  }
}

const columns = ['id', 'name', 'created_at as createdAt'] as const

const bySecretHash = query((db, param: Param<{ hash: Uint8Array }>) =>
  db.selectFrom('verifiers').select(columns).where('secret_hash', '=', param('hash')),
)

const list = query((db) => db.selectFrom('verifiers').select(columns).orderBy('id'))

const insert = query((db, param: Param<NewVerifier>) =>
  db
    .insertInto('verifiers')
    .values({ name: param('name'), secret_hash: param('secretHash'), created_at: param('createdAt') })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id'),
)

const remove = query((db, param: Param<{ id: number }>) => db.deleteFrom('verifiers').where('id', '=', param('id')))
