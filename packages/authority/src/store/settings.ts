// Settings: named values of the whole installation.
import type { Transaction } from '../domain/store.ts'
import { lookup, query, type Param, type QuerySession } from './query.ts'

export function settings(session: QuerySession): Transaction['settings'] {
  return {
    get: async (name) => (await session.one(byName, { name }))?.value,
    set: (name, value) => session.run(upsert, { name, value }),
  }
}

const byName = lookup((db, param: Param<{ name: string }>) =>
  db.selectFrom('settings').select('value').where('name', '=', param('name')),
)

const upsert = query((db, param: Param<{ name: string; value: string }>) =>
  db
    .insertInto('settings')
    .values({ name: param('name'), value: param('value') })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((eb) => ({
        value: eb.ref('excluded.value'),
      })),
    ),
)
