// Organisations, shared and personal.
import { removeTrustPoliciesOf } from './trust-policies.ts'
import { DomainError } from '../domain/errors.ts'
import type { MembershipDischarge, Organisation } from '../domain/organisation.ts'
import { tell } from './feed.ts'
import { beginRemoval } from './leftovers.ts'
import { fromPolicy, organisationColumns as columns, toOrganisation, type PolicyRow } from './organisation-rows.ts'
import { noun } from './noun.ts'
import { lookup, query, type Param } from './query.ts'
import { countUpTo } from './quotas.ts'

export const organisations = noun('organisations', {
  byId: async (session, id) => toFound(await session.one(byId, { id })),
  bySlug: async (session, slug) => toFound(await session.one(bySlug, { slug })),
  personalOf: async (session, userId) => toFound(await session.one(personalOf, { userId })),
  countUpTo,
  ofUser: async (session, userId) => {
    const rows = await session.many(ofUser, { userId })
    return rows.map((row) => ({ organisation: toOrganisation(row), role: row.role }))
  },
  insert: async (session, { slug, name, personalOf: owner, membershipDischarge, tokenPolicy, createdAt }) => {
    const organisation = { slug, name, personalOf: owner, membershipDischarge, createdAt }
    const row = await session.one(insert, { ...organisation, ...fromPolicy(tokenPolicy) })
    if (row === undefined) {
      throw new DomainError(
        'conflict',
        'There is already an organization with this slug, or a personal one of this user.',
      )
    }
    return { id: row.id, ...organisation, tokenPolicy }
  },
  rename: (session, id, name) => session.run(rename, { id, name }),
  setTokenPolicy: async (session, id, policy) => {
    await session.run(setTokenPolicy, { id, ...fromPolicy(policy) })
    await tell(session, { kind: 'organisation', id })
  },
  setMembershipDischarge: async (session, id, demand) => {
    await session.run(setMembershipDischarge, { id, demand })
    await tell(session, { kind: 'organisation', id })
  },
  delete: async (session, id) => {
    await removeTrustPoliciesOf(session, id)
    await session.run(remove, { id })
    await beginRemoval(session, id)
    await tell(session, { kind: 'organisation', id })
  },
})

function toFound(row: Parameters<typeof toOrganisation>[0] | undefined): Organisation | undefined {
  return row && toOrganisation(row)
}

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

const insert = query((db, param: Param<Omit<Organisation, 'id' | 'tokenPolicy'> & PolicyRow>) =>
  db
    .insertInto('organisations')
    .values({
      slug: param('slug'),
      name: param('name'),
      personal_of: param('personalOf'),
      membership_discharge: param('membershipDischarge'),
      token_minting: param('tokenMinting'),
      max_token_lifetime: param('maxLifetime'),
      default_token_lifetime: param('defaultLifetime'),
      only_admins_mint: param('onlyAdminsMint'),
      token_approval: param('approval'),
      token_networks: param('networks'),
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

const setTokenPolicy = query((db, param: Param<PolicyRow & { readonly id: number }>) =>
  db
    .updateTable('organisations')
    .set({
      token_minting: param('tokenMinting'),
      max_token_lifetime: param('maxLifetime'),
      default_token_lifetime: param('defaultLifetime'),
      only_admins_mint: param('onlyAdminsMint'),
      token_approval: param('approval'),
      token_networks: param('networks'),
    })
    .where('id', '=', param('id')),
)

// The foreign key also deletes its few signing keys: everything signed with them is dead.
const remove = query((db, param: Param<{ id: number }>) => db.deleteFrom('organisations').where('id', '=', param('id')))
