// Folds names of tokens in the program, where earlier versions let the database fold only ASCII letters.
import { nameKey } from '../domain/token.ts'
import { query, type Param, type QuerySession } from './query.ts'

/** How far it came. */
export interface UnfoldedNames {
  readonly doneId: Uint8Array
}

/** Where the next step begins; undefined if there is nothing to do. */
export function findUnfoldedNames(session: QuerySession): Promise<UnfoldedNames | undefined> {
  return session.one(unfolded, {})
}

/** Takes one step, with a limit on the tokens it reads and changes. */
export async function foldSomeNames(session: QuerySession, { doneId }: UnfoldedNames): Promise<void> {
  const rows = await session.many(nextNames, { doneId, limit: mostLookedAt })
  let changed = 0
  let last: Uint8Array | undefined
  for (const { id, name, key } of rows) {
    if (changed === mostChanged) break
    last = id
    if (nameKey(name) === key) continue
    await session.run(setKey, { id, key: nameKey(name) })
    changed += 1
  }
  if (last === undefined) await session.run(forget, {})
  else await session.run(move, { doneId: last })
}

const mostLookedAt = 500
const mostChanged = 64

const unfolded = query((db) =>
  db
    .selectFrom('unfolded_names')
    .select('done_id as doneId')
    .limit((eb) => eb.lit(1)),
)

const nextNames = query((db, param: Param<UnfoldedNames & { limit: number }>) =>
  db
    .selectFrom('tokens')
    .select(['id', 'name', 'name_key as key'])
    .where('id', '>', param('doneId'))
    .orderBy('id')
    .limit(param('limit')),
)

const setKey = query((db, param: Param<{ id: Uint8Array; key: string }>) =>
  db
    .updateTable('tokens')
    .set({ name_key: param('key') })
    .where('id', '=', param('id')),
)

const move = query((db, param: Param<UnfoldedNames>) =>
  db.updateTable('unfolded_names').set({ done_id: param('doneId') }),
)

const forget = query((db) => db.deleteFrom('unfolded_names'))
