// Logins of command lines, by the hash of their id.
import type { CliLogin } from '../domain/cli-login.ts'
import { DomainError } from '../domain/errors.ts'
import type { Transaction } from '../domain/store.ts'
import { removeExpired } from './expired-rows.ts'
import { query, type Param, type QuerySession } from './query.ts'

export function cliLogins(session: QuerySession): Transaction['cliLogins'] {
  return {
    byIdHash: async (idHash) => {
      const row = await session.one(byIdHash, { idHash })
      if (row === undefined) return undefined
      const { approvedBy, codeHash, ...login } = row
      return { ...login, approval: approvedBy === null ? null : { userId: approvedBy, codeHash } }
    },
    count: async (now) => (await session.one(count, { now }))?.count ?? 0,
    insert: async ({ idHash, name, requestedFrom, codeChallenge, state, redirectPort, createdAt, expiresAt }) => {
      const login = { idHash, name, requestedFrom, codeChallenge, state, redirectPort, createdAt, expiresAt }
      if (!(await session.insert(insert, login))) throw new DomainError('conflict', 'There is already such a login.')
    },
    approve: (id, { userId, codeHash }) => session.run(approve, { id, userId, codeHash }),
    delete: (id) => session.run(remove, { id }),
    deleteExpired: (now) => removeExpired(session, 'cli_logins', now),
    deleteApprovedBy: (userId) => session.run(removeApprovedBy, { userId }),
  }
}

const byIdHash = query((db, param: Param<{ idHash: Uint8Array }>) =>
  db
    .selectFrom('cli_logins')
    .select([
      'id',
      'id_hash as idHash',
      'name',
      'requested_from as requestedFrom',
      'code_challenge as codeChallenge',
      'state',
      'redirect_port as redirectPort',
      'created_at as createdAt',
      'expires_at as expiresAt',
      'approved_by as approvedBy',
      'code_hash as codeHash',
    ])
    .where('id_hash', '=', param('idHash')),
)

const count = query((db, param: Param<{ now: number }>) =>
  db
    .selectFrom('cli_logins')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('expires_at', '>', param('now')),
)

const insert = query((db, param: Param<Omit<CliLogin, 'id' | 'approval'>>) =>
  db
    .insertInto('cli_logins')
    .values({
      id_hash: param('idHash'),
      name: param('name'),
      requested_from: param('requestedFrom'),
      code_challenge: param('codeChallenge'),
      state: param('state'),
      redirect_port: param('redirectPort'),
      created_at: param('createdAt'),
      expires_at: param('expiresAt'),
    })
    .onConflict((conflict) => conflict.doNothing()),
)

const approve = query((db, param: Param<{ id: number; userId: number; codeHash: Uint8Array | null }>) =>
  db
    .updateTable('cli_logins')
    .set({ approved_by: param('userId'), code_hash: param('codeHash') })
    .where('id', '=', param('id')),
)

const remove = query((db, param: Param<{ id: number }>) => db.deleteFrom('cli_logins').where('id', '=', param('id')))

const removeApprovedBy = query((db, param: Param<{ userId: number }>) =>
  db.deleteFrom('cli_logins').where('approved_by', '=', param('userId')),
)
