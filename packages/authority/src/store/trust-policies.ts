// Trust policies, and the identity tokens that were exchanged under them.
import type { Transaction } from '../domain/store.ts'
import type { ListedTrustPolicy, RequiredClaims, TrustPolicy } from '../domain/trust-policy.ts'
import { removeExpired } from './expired-rows.ts'
import { query, type Param, type QuerySession } from './query.ts'
import { formatTokenId, requireTokenId } from './token-id.ts'
import { creatorColumns } from './users.ts'

export function trustPolicies(session: QuerySession): Transaction['trustPolicies'] {
  return {
    ofOrganisation: async (organisationId) => {
      const rows = await session.many(ofOrganisation, { organisationId })
      return rows.map((row): ListedTrustPolicy => {
        const { createdByEmail, createdByProvenAt, appName } = row
        return { ...toPolicy(row), createdByEmail, createdByProvenAt, appName }
      })
    },
    ofIssuer: async (organisationId, issuer) =>
      (await session.many(ofIssuer, { organisationId, issuer })).map(toPolicy),
    insert: ({ id, claims, ...policy }) =>
      session.run(insert, { ...policy, id: requireTokenId(id), claims: JSON.stringify(claims) }),
    delete: (id) => session.run(remove, { id: requireTokenId(id) }),
    noteExchange: async ({ hash, endsAt }, now) => {
      await removeExpired(session, 'exchanged_identity_tokens', now)
      return session.insert(note, { hash, endsAt })
    },
  }
}

/** For a deletion of the organisation. */
export function removeTrustPoliciesOf(session: QuerySession, organisationId: number): Promise<void> {
  return session.run(removeOfOrganisation, { organisationId })
}

/** For a deletion of the app. */
export function removeTrustPoliciesOfApp(session: QuerySession, appId: number): Promise<void> {
  return session.run(removeOfApp, { appId })
}

interface Row extends Omit<TrustPolicy, 'id' | 'claims'> {
  readonly id: Uint8Array
  readonly claims: string
}

function toPolicy(row: Row): TrustPolicy {
  return {
    id: formatTokenId(row.id),
    organisationId: row.organisationId,
    appId: row.appId,
    name: row.name,
    issuer: row.issuer,
    audience: row.audience,
    claims: JSON.parse(row.claims) as RequiredClaims,
    caveats: new Uint8Array(row.caveats),
    lifetime: row.lifetime,
    createdBy: row.createdBy,
    createdAt: row.createdAt,
  }
}

const columns = [
  'trust_policies.id',
  'trust_policies.organisation_id as organisationId',
  'trust_policies.app_id as appId',
  'trust_policies.name',
  'trust_policies.issuer',
  'trust_policies.audience',
  'trust_policies.claims',
  'trust_policies.caveats',
  'trust_policies.lifetime',
  'trust_policies.created_by as createdBy',
  'trust_policies.created_at as createdAt',
] as const

const ofOrganisation = query((db, param: Param<{ organisationId: number }>) =>
  db
    .selectFrom('trust_policies')
    .leftJoin('users', 'users.id', 'trust_policies.created_by')
    .leftJoin('apps', 'apps.id', 'trust_policies.app_id')
    .select(columns)
    .select(creatorColumns)
    .select('apps.name as appName')
    .where('trust_policies.organisation_id', '=', param('organisationId'))
    .orderBy('trust_policies.created_at')
    .orderBy('trust_policies.id'),
)

const ofIssuer = query((db, param: Param<{ organisationId: number; issuer: string }>) =>
  db
    .selectFrom('trust_policies')
    .select(columns)
    .where('organisation_id', '=', param('organisationId'))
    .where('issuer', '=', param('issuer'))
    .orderBy('created_at')
    .orderBy('id'),
)

const insert = query((db, param: Param<Row>) =>
  db.insertInto('trust_policies').values({
    id: param('id'),
    organisation_id: param('organisationId'),
    app_id: param('appId'),
    name: param('name'),
    issuer: param('issuer'),
    audience: param('audience'),
    claims: param('claims'),
    caveats: param('caveats'),
    lifetime: param('lifetime'),
    created_by: param('createdBy'),
    created_at: param('createdAt'),
  }),
)

const remove = query((db, param: Param<{ id: Uint8Array }>) =>
  db.deleteFrom('trust_policies').where('id', '=', param('id')),
)

const removeOfOrganisation = query((db, param: Param<{ organisationId: number }>) =>
  db.deleteFrom('trust_policies').where('organisation_id', '=', param('organisationId')),
)

const removeOfApp = query((db, param: Param<{ appId: number }>) =>
  db.deleteFrom('trust_policies').where('app_id', '=', param('appId')).where('app_id', 'is not', null),
)

const note = query((db, param: Param<{ hash: Uint8Array; endsAt: number }>) =>
  db
    .insertInto('exchanged_identity_tokens')
    .values({ hash: param('hash'), expires_at: param('endsAt') })
    .onConflict((conflict) => conflict.doNothing()),
)
