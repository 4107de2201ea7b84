// Secrets of apps: sealed values by name, and a version that counts their changes.
import type { AppSecret } from '../domain/store/app-secrets.ts'
import type { Transaction } from '../domain/store.ts'
import { query, type Param, type QuerySession } from './query.ts'

export function appSecrets(session: QuerySession): Transaction['appSecrets'] {
  return {
    ofApp: (appId) => session.many(ofApp, { appId }),
    byName: (appId, name) => session.one(byName, { appId, name }),
    version: async (appId) => (await session.one(version, { appId }))?.version ?? 0,
    set: (appId, { name, digest, sealed, createdAt, updatedAt }) =>
      session.run(upsert, { appId, name, digest, sealed, createdAt, updatedAt }),
    delete: async (appId, name) => (await session.one(remove, { appId, name })) !== undefined,
    countChange: async (appId) => {
      const row = await session.one(countChange, { appId, first: 1 })
      return row?.version ?? 0
    },
  }
}

const columns = ['name', 'digest', 'sealed', 'created_at as createdAt', 'updated_at as updatedAt'] as const

const ofApp = query((db, param: Param<{ appId: number }>) =>
  db.selectFrom('app_secrets').select(columns).where('app_id', '=', param('appId')).orderBy('name'),
)

const byName = query((db, param: Param<{ appId: number; name: string }>) =>
  db.selectFrom('app_secrets').select(columns).where('app_id', '=', param('appId')).where('name', '=', param('name')),
)

const version = query((db, param: Param<{ appId: number }>) =>
  db.selectFrom('app_secret_versions').select('version').where('app_id', '=', param('appId')),
)

const upsert = query((db, param: Param<AppSecret & { appId: number }>) =>
  db
    .insertInto('app_secrets')
    .values({
      app_id: param('appId'),
      name: param('name'),
      digest: param('digest'),
      sealed: param('sealed'),
      created_at: param('createdAt'),
      updated_at: param('updatedAt'),
    })
    .onConflict((conflict) =>
      conflict.columns(['app_id', 'name']).doUpdateSet((eb) => ({
        digest: eb.ref('excluded.digest'),
        sealed: eb.ref('excluded.sealed'),
        updated_at: eb.ref('excluded.updated_at'),
      })),
    ),
)

const remove = query((db, param: Param<{ appId: number; name: string }>) =>
  db.deleteFrom('app_secrets').where('app_id', '=', param('appId')).where('name', '=', param('name')).returning('name'),
)

const countChange = query((db, param: Param<{ appId: number; first: number }>) =>
  db
    .insertInto('app_secret_versions')
    .values({ app_id: param('appId'), version: param('first') })
    .onConflict((conflict) =>
      conflict.column('app_id').doUpdateSet((eb) => ({ version: eb('app_secret_versions.version', '+', eb.lit(1)) })),
    )
    .returning('version'),
)
