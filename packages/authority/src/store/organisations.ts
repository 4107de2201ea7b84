// Organisations, shared and personal.
import { removeTrustPoliciesOf } from './trust-policies.ts'
import { DomainError } from '../domain/errors.ts'
import type { MembershipDischarge, Organisation, TokenMinting } from '../domain/organisation.ts'
import type { Transaction } from '../domain/store.ts'
import { beginRemoval } from './leftovers.ts'
import { lookup, query, type Param, type QuerySession } from './query.ts'
import { countUpTo } from './quotas.ts'

export function organisations(session: QuerySession): Transaction['organisations'] {
  return {
    byId: (id) => session.one(byId, { id }),
    bySlug: (slug) => session.one(bySlug, { slug }),
    personalOf: (userId) => session.one(personalOf, { userId }),
    countUpTo: (id, quota, most, now) => countUpTo(session, id, quota, most, now),
    ofUser: async (userId) => {
      const rows = await session.many(ofUser, { userId })
      return rows.map(({ role, ...organisation }) => ({ organisation, role }))
    },
    insert: async ({ slug, name, personalOf: owner, membershipDischarge, tokenMinting, createdAt }) => {
      const organisation = { slug, name, personalOf: owner, membershipDischarge, tokenMinting, createdAt }
      const row = await session.one(insert, organisation)
      if (row === undefined) {
        throw new DomainError(
          'conflict',
          'There is already an organization with this slug, or a personal one of this user.',
        )
      }
      return { id: row.id, ...organisation }
    },
    rename: (id, name) => session.run(rename, { id, name }),
    setTokenMinting: (id, minting) => session.run(setTokenMinting, { id, minting }),
    setMembershipDischarge: (id, demand) => session.run(setMembershipDischarge, { id, demand }),
    delete: async (id) => {
      await removeTrustPoliciesOf(session, id)
      await session.run(remove, { id })
      await beginRemoval(session, id)
    },
  }
}

const columns = [
  'organisations.id',
  'organisations.slug',
  'organisations.name',
  'organisations.personal_of as personalOf',
  'organisations.membership_discharge as membershipDischarge',
  'organisations.token_minting as tokenMinting',
  'organisations.created_at as createdAt',
] as const

const byId = lookup((db, param: Param<{ id: number }>) =>
  db.selectFrom('organisations').select(columns).where('id', '=', param('id')),
)

const bySlug = lookup((db, param: Param<{ slug: string }>) =>
  db.selectFrom('organisations').select(columns).where('slug', '=', param('slug')),
)

const personalOf = query((db, param: Param<{ userId: number }>) =>
  db.selectFrom('organisations').select(columns).where('personal_of', '=', param('userId')),
)

const ofUser = query((db, param: Param<{ userId: number }>) =>
  db
    .selectFrom('memberships')
    .innerJoin('organisations', 'organisations.id', 'memberships.organisation_id')
    .select(columns)
    .select('memberships.role')
    .where('memberships.user_id', '=', param('userId'))
    .orderBy((eb) => eb.fn('lower', ['organisations.name']))
    .orderBy('organisations.id'),
)

const insert = query((db, param: Param<Omit<Organisation, 'id'>>) =>
  db
    .insertInto('organisations')
    .values({
      slug: param('slug'),
      name: param('name'),
      personal_of: param('personalOf'),
      membership_discharge: param('membershipDischarge'),
      token_minting: param('tokenMinting'),
      created_at: param('createdAt'),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id'),
)

const rename = query((db, param: Param<{ id: number; name: string }>) =>
  db
    .updateTable('organisations')
    .set({ name: param('name') })
    .where('id', '=', param('id')),
)

const setMembershipDischarge = query((db, param: Param<{ id: number; demand: MembershipDischarge }>) =>
  db
    .updateTable('organisations')
    .set({ membership_discharge: param('demand') })
    .where('id', '=', param('id')),
)

const setTokenMinting = query((db, param: Param<{ id: number; minting: TokenMinting }>) =>
  db
    .updateTable('organisations')
    .set({ token_minting: param('minting') })
    .where('id', '=', param('id')),
)

// The foreign key also deletes its few signing keys: everything signed with them is dead.
const remove = query((db, param: Param<{ id: number }>) => db.deleteFrom('organisations').where('id', '=', param('id')))
