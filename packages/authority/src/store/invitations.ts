// Invitations to an organisation, by the hash of the code that was handed over.
import { DomainError } from '../domain/errors.ts'
import type { Invitation } from '../domain/organisation.ts'
import type { Transaction } from '../domain/store.ts'
import { query, type Param, type Session } from './query.ts'

export function invitations(session: Session): Transaction['invitations'] {
  return {
    byCodeHash: (codeHash) => session.one(byCodeHash, { codeHash }),
    insert: async ({ organisationId, email, role, codeHash, createdBy, createdAt, expiresAt, acceptedAt }) => {
      const invitation = { organisationId, email, role, codeHash, createdBy, createdAt, expiresAt, acceptedAt }
      const row = await session.one(insert, invitation)
      if (row === undefined) throw new DomainError('conflict', 'There is already an invitation with this code.')
      return { id: row.id, ...invitation }
    },
    accept: (id, at) => session.run(accept, { id, at }),
  }
}

const byCodeHash = query((db, param: Param<{ codeHash: Uint8Array }>) =>
  db
    .selectFrom('invitations')
    .select([
      'id',
      'organisation_id as organisationId',
      'email',
      'role',
      'code_hash as codeHash',
      'created_by as createdBy',
      'created_at as createdAt',
      'expires_at as expiresAt',
      'accepted_at as acceptedAt',
    ])
    .where('code_hash', '=', param('codeHash')),
)

const insert = query((db, param: Param<Omit<Invitation, 'id'>>) =>
  db
    .insertInto('invitations')
    .values({
      organisation_id: param('organisationId'),
      email: param('email'),
      role: param('role'),
      code_hash: param('codeHash'),
      created_by: param('createdBy'),
      created_at: param('createdAt'),
      expires_at: param('expiresAt'),
      accepted_at: param('acceptedAt'),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id'),
)

const accept = query((db, param: Param<{ id: number; at: number }>) =>
  db
    .updateTable('invitations')
    .set({ accepted_at: param('at') })
    .where('id', '=', param('id')),
)
