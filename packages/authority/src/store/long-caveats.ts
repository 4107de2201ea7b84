// Keeps long caveats of tokens in a table of their own. SQLite keeps `tokens` in the order of ids, and a search would read
// every long row that it compares.
import { sql } from 'kysely'

import { nameKey, type NewToken } from '../domain/token.ts'
import { query, type Param, type QuerySession } from './query.ts'

/** What the row of a new token has of its caveats: all of them or null. */
export function shortCaveats({ name, caveats }: NewToken): Uint8Array | null {
  const names = Buffer.byteLength(name) + Buffer.byteLength(nameKey(name))
  return caveats !== null && names + caveats.length > room ? null : caveats
}

/** Adds the caveats that the row of a new token does not have. */
export async function addLongCaveats(session: QuerySession, id: Uint8Array, token: NewToken): Promise<void> {
  if (token.caveats === null || shortCaveats(token) !== null) return
  await session.run(insert, { id, caveats: token.caveats })
}

/** The caveats of a token, wherever they are. */
export const caveatsColumn = sql<Uint8Array | null>`coalesce(${sql.ref('tokens.caveats')},
  (select token_caveats.caveats from token_caveats where token_caveats.token_id = ${sql.ref('tokens.id')}))`

/** The bytes that say how many caveats there are; null for tokens from before caveats were stored. */
export const headOfCaveats = sql<Uint8Array | null>`substr(coalesce(${sql.ref('tokens.caveats')},
  (select token_caveats.caveats from token_caveats where token_caveats.token_id = ${sql.ref('tokens.id')})), 1, 3)`.as(
  'headOfCaveats',
)

/** How far it came with tokens of earlier versions, which have all caveats in their rows. */
export interface UnmovedCaveats {
  readonly doneId: Uint8Array
}

/** Where the next step begins; undefined if there is nothing to do. */
export function findUnmovedCaveats(session: QuerySession): Promise<UnmovedCaveats | undefined> {
  return session.one(unmoved, {})
}

/** Takes one step, with a limit on the tokens it reads and changes. */
export async function moveSomeCaveats(session: QuerySession, { doneId }: UnmovedCaveats): Promise<void> {
  const rows = await session.many(nextTokens, { doneId, limit: mostLookedAt })
  let moved = 0
  let last: Uint8Array | undefined
  for (const { id, size } of rows) {
    if (moved === mostMoved) break
    last = id
    if (size === null || size <= room) continue
    await session.run(copy, { id })
    await session.run(clear, { id })
    moved += 1
  }
  if (last === undefined) await session.run(forget, {})
  else await session.run(move, { doneId: last })
}

/**
 * Bytes of the caveats and the two forms of the name. SQLite keeps an entry of up to 1,002 bytes on its page
 * (https://sqlite.org/fileformat2.html#cell_payload_overflow_pages), and the other columns have at most 420.
 */
const room = 560

const mostLookedAt = 500
// Each has up to 48 KiB.
const mostMoved = 16

const insert = query((db, param: Param<{ id: Uint8Array; caveats: Uint8Array }>) =>
  db.insertInto('token_caveats').values({ token_id: param('id'), caveats: param('caveats') }),
)

const unmoved = query((db) =>
  db
    .selectFrom('unmoved_caveats')
    .select('done_id as doneId')
    .limit((eb) => eb.lit(1)),
)

const nextTokens = query((db, param: Param<UnmovedCaveats & { limit: number }>) =>
  db
    .selectFrom('tokens')
    .select(['id', sql<number | null>`octet_length(name) + octet_length(name_key) + octet_length(caveats)`.as('size')])
    .where('id', '>', param('doneId'))
    .orderBy('id')
    .limit(param('limit')),
)

const copy = query((db, param: Param<{ id: Uint8Array }>) =>
  db
    .insertInto('token_caveats')
    .columns(['token_id', 'caveats'])
    .expression((eb) =>
      eb
        .selectFrom('tokens')
        .select(['id', eb.ref('caveats').$notNull().as('caveats')])
        .where('id', '=', param('id')),
    ),
)

const clear = query((db, param: Param<{ id: Uint8Array }>) =>
  db
    .updateTable('tokens')
    .set((eb) => ({ caveats: eb.lit(null) }))
    .where('id', '=', param('id')),
)

const move = query((db, param: Param<UnmovedCaveats>) =>
  db.updateTable('unmoved_caveats').set({ done_id: param('doneId') }),
)

const forget = query((db) => db.deleteFrom('unmoved_caveats'))
