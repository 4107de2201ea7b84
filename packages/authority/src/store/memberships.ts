// Memberships of users in organisations.
import { sql, type SqlBool } from 'kysely'

import { DomainError } from '../domain/errors.ts'
import type { Membership, Role } from '../domain/organisation.ts'
import { tell } from './feed.ts'
import { noun } from './noun.ts'
import { lookup, query, type Param } from './query.ts'

export const memberships = noun('memberships', {
  find: (session, organisationId, userId) => session.one(find, { organisationId, userId }),
  page: (session, organisationId, { limit, after = 0 }) => session.many(page, { organisationId, limit, after }),
  hasOtherAdmin: async (session, organisationId, userId) =>
    (await session.one(otherAdmin, { organisationId, userId })) !== undefined,
  provenAdmins: async (session, organisationId, limit) => {
    const rows = await session.many(provenAdmins, { organisationId, limit })
    return rows.map(({ userId }) => userId)
  },
  countOf: async (session, userId, most) => (await session.one(countOf, { userId, most }))?.count ?? 0,
  insert: async (session, { organisationId, userId, role, createdAt }) => {
    const inserted = await session.insert(insert, { organisationId, userId, role, createdAt })
    if (!inserted) throw new DomainError('conflict', 'This person already belongs to the organization.')
  },
  setRole: async (session, organisationId, userId, role) => {
    await session.run(setRole, { organisationId, userId, role })
    await tell(session, { kind: 'person', id: userId })
  },
  delete: async (session, organisationId, userId) => {
    await session.run(remove, { organisationId, userId })
    await tell(session, { kind: 'person', id: userId })
  },
})

interface Key {
  readonly organisationId: number
  readonly userId: number
}

const find = lookup((db, param: Param<Key>) =>
  db
    .selectFrom('memberships')
    .select(['organisation_id as organisationId', 'user_id as userId', 'role', 'created_at as createdAt'])
    .where('organisation_id', '=', param('organisationId'))
    .where('user_id', '=', param('userId')),
)

const page = query((db, param: Param<{ organisationId: number; limit: number; after: number }>) =>
  db
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .select([
      'memberships.user_id as userId',
      'users.email',
      'users.email_proven_at as emailProvenAt',
      'memberships.role',
      'memberships.created_at as joinedAt',
    ])
    .where('memberships.organisation_id', '=', param('organisationId'))
    .where('memberships.user_id', '>', param('after'))
    .orderBy('memberships.user_id')
    .limit(param('limit')),
)

// The role is written as in the migration; otherwise no planner would use the index of admins.
const otherAdmin = query((db, param: Param<Key>) =>
  db
    .selectFrom('memberships')
    .select('user_id')
    .where('organisation_id', '=', param('organisationId'))
    .where('user_id', '<>', param('userId'))
    .where(sql<SqlBool>`role = 'admin'`)
    .limit((eb) => eb.lit(1)),
)

const provenAdmins = query((db, param: Param<{ organisationId: number; limit: number }>) =>
  db
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .select('memberships.user_id as userId')
    .where('memberships.organisation_id', '=', param('organisationId'))
    .where(sql<SqlBool>`memberships.role = 'admin'`)
    .where('users.email_proven_at', 'is not', null)
    .orderBy('memberships.user_id')
    .limit(param('limit')),
)

const countOf = query((db, param: Param<{ userId: number; most: number }>) =>
  db
    .selectFrom(
      db
        .selectFrom('memberships')
        .select('user_id')
        .where('user_id', '=', param('userId'))
        .limit(param('most'))
        .as('some'),
    )
    .select((eb) => eb.fn.countAll<number>().as('count')),
)

const insert = query((db, param: Param<Membership>) =>
  db
    .insertInto('memberships')
    .values({
      organisation_id: param('organisationId'),
      user_id: param('userId'),
      role: param('role'),
      created_at: param('createdAt'),
    })
    .onConflict((conflict) => conflict.doNothing()),
)

const setRole = query((db, param: Param<Key & { role: Role }>) =>
  db
    .updateTable('memberships')
    .set({ role: param('role') })
    .where('organisation_id', '=', param('organisationId'))
    .where('user_id', '=', param('userId')),
)

const remove = query((db, param: Param<Key>) =>
  db
    .deleteFrom('memberships')
    .where('organisation_id', '=', param('organisationId'))
    .where('user_id', '=', param('userId')),
)
