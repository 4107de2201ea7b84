// Wrapped signing keys: with the database alone nobody can sign.
import { DomainError } from '../domain/errors.ts'
import type { WrappedSigningKey } from '../domain/key.ts'
import { noun } from './noun.ts'
import { lookup, query, type Param } from './query.ts'

export const signingKeys = noun('signingKeys', {
  byKid: (session, kid) => session.one(byKid, { kid }),
  newest: (session, organisationId) => session.one(newest, { organisationId }),
  insert: async (session, { kid, organisationId, wrapped, createdAt }) => {
    const inserted = await session.insert(insert, { kid, organisationId, wrapped, createdAt })
    if (!inserted) throw new DomainError('conflict', 'There is already a signing key with this id.')
  },
})

const columns = ['kid', 'organisation_id as organisationId', 'wrapped', 'created_at as createdAt'] as const

const byKid = lookup((db, param: Param<{ kid: Uint8Array }>) =>
  db.selectFrom('signing_keys').select(columns).where('kid', '=', param('kid')),
)

// The row id orders keys of the same millisecond.
const newest = lookup((db, param: Param<{ organisationId: number }>) =>
  db
    .selectFrom('signing_keys')
    .select(columns)
    .where('organisation_id', '=', param('organisationId'))
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit((eb) => eb.lit(1)),
)

const insert = query((db, param: Param<WrappedSigningKey>) =>
  db
    .insertInto('signing_keys')
    .values({
      kid: param('kid'),
      organisation_id: param('organisationId'),
      wrapped: param('wrapped'),
      created_at: param('createdAt'),
    })
    .onConflict((conflict) => conflict.doNothing()),
)
