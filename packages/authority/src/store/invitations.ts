// Invitations to an organisation, by the hash of their code.
import { sql } from 'kysely'

import { DomainError } from '../domain/errors.ts'
import type { Invitation } from '../domain/organisation.ts'
import type { Transaction } from '../domain/store.ts'
import { query, type Param, type QuerySession } from './query.ts'
import { creatorColumns } from './users.ts'

export function invitations(session: QuerySession): Transaction['invitations'] {
  return {
    byCodeHash: (codeHash) => session.one(byCodeHash, { codeHash }),
    pending: async (organisationId, now) =>
      (await session.many(pending, { organisationId, now })).toSorted((one, other) => other.id - one.id),
    pendingOf: (email, now) => session.many(pendingOf, { email, now }),
    insert: async (draft) => {
      const { organisationId, email, role, codeHash, mailCodeHash, createdBy, createdAt, expiresAt, acceptedAt } = draft
      const codes = { codeHash, mailCodeHash }
      const invitation = { organisationId, email, role, ...codes, createdBy, createdAt, expiresAt, acceptedAt }
      const row = await session.one(insert, invitation)
      if (row === undefined) {
        throw new DomainError(
          'conflict',
          'There is already an invitation with this code, or an open one of this address.',
        )
      }
      return { id: row.id, ...invitation }
    },
    accept: (id, at) => session.run(accept, { id, at }),
    delete: (id) => session.run(remove, { id }),
    closeOf: async (organisationId, email) => (await session.one(closeOf, { organisationId, email })) !== undefined,
    closeBy: (organisationId, userId) => session.run(closeBy, { organisationId, userId }),
  }
}

const columns = [
  'invitations.id',
  'invitations.organisation_id as organisationId',
  'invitations.email',
  'invitations.role',
  'invitations.created_by as createdBy',
  'invitations.created_at as createdAt',
  'invitations.expires_at as expiresAt',
] as const

const secretColumns = ['code_hash as codeHash', 'mail_code_hash as mailCodeHash', 'accepted_at as acceptedAt'] as const

const byCodeHash = query((db, param: Param<{ codeHash: Uint8Array }>) =>
  db
    .selectFrom('invitations')
    .innerJoin('organisations', 'organisations.id', 'invitations.organisation_id')
    .select(columns)
    .select(secretColumns)
    .where((eb) => eb.or([eb('code_hash', '=', param('codeHash')), eb('mail_code_hash', '=', param('codeHash'))])),
)

// The inviter must still be an admin. A membership from before the proof has no inviter.
const madeByAnAdmin = sql<boolean>`(${sql.ref('invitations.created_by')} is null or exists (
  select 1 from memberships as inviters
  where inviters.organisation_id = ${sql.ref('invitations.organisation_id')}
    and inviters.user_id = ${sql.ref('invitations.created_by')} and inviters.role = 'admin'
))`

const pending = query((db, param: Param<{ organisationId: number; now: number }>) =>
  db
    .selectFrom('invitations')
    .leftJoin('users', 'users.id', 'invitations.created_by')
    .select(columns)
    .select(creatorColumns)
    .where(madeByAnAdmin)
    .where('invitations.organisation_id', '=', param('organisationId'))
    .where('invitations.accepted_at', 'is', null)
    .where('invitations.expires_at', '>', param('now'))
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('memberships')
            .innerJoin('users as members', 'members.id', 'memberships.user_id')
            .select('memberships.user_id')
            .whereRef('memberships.organisation_id', '=', 'invitations.organisation_id')
            .whereRef('members.email', '=', 'invitations.email'),
        ),
      ),
    )
    // In the order of the index of open ones, so that the accepted ones, which are more, are never read.
    .orderBy('invitations.email'),
)

const pendingOf = query((db, param: Param<{ email: string; now: number }>) =>
  db
    .selectFrom('invitations')
    // Those of a deleted organisation may not be removed yet.
    .innerJoin('organisations', 'organisations.id', 'invitations.organisation_id')
    .leftJoin('users', 'users.id', 'invitations.created_by')
    .select(columns)
    .select(creatorColumns)
    .select('organisations.name as organisationName')
    .where('invitations.email', '=', param('email'))
    .where('invitations.accepted_at', 'is', null)
    .where('invitations.expires_at', '>', param('now'))
    .where(madeByAnAdmin)
    .orderBy('invitations.id', 'desc'),
)

const insert = query((db, param: Param<Omit<Invitation, 'id'>>) =>
  db
    .insertInto('invitations')
    .values({
      organisation_id: param('organisationId'),
      email: param('email'),
      role: param('role'),
      code_hash: param('codeHash'),
      mail_code_hash: param('mailCodeHash'),
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

const closeOf = query((db, param: Param<{ organisationId: number; email: string }>) =>
  db
    .deleteFrom('invitations')
    .where('organisation_id', '=', param('organisationId'))
    .where('email', '=', param('email'))
    .where('accepted_at', 'is', null)
    .returning('id'),
)

const closeBy = query((db, param: Param<{ organisationId: number; userId: number }>) =>
  db
    .deleteFrom('invitations')
    .where('organisation_id', '=', param('organisationId'))
    .where('created_by', '=', param('userId'))
    .where('accepted_at', 'is', null),
)

const remove = query((db, param: Param<{ id: number }>) => db.deleteFrom('invitations').where('id', '=', param('id')))
