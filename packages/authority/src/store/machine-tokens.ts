// Machines' own tokens: the id, and the token itself, sealed.
import type { Transaction } from '../domain/store.ts'
import { query, type Param, type QuerySession } from './query.ts'
import { formatTokenId, requireTokenId } from './token-id.ts'
import { tokens } from './tokens.ts'

export function machineTokens(session: QuerySession): Transaction['machineTokens'] {
  const of = async (machineId: string) => {
    const row = await session.one(ofMachine, { machineId })
    return row && { tokenId: formatTokenId(row.tokenId), sealed: row.sealed }
  }
  return {
    of,
    machines: async (limit, after) => (await session.many(page, { limit, after })).map(({ machineId }) => machineId),
    set: (machineId, { tokenId, sealed }) => session.run(set, { machineId, tokenId: requireTokenId(tokenId), sealed }),
    end: async (machineId, at, by) => {
      const token = await of(machineId)
      if (token === undefined) return
      await tokens(session).revoke(token.tokenId, at, by)
      await session.run(remove, { machineId })
    },
  }
}

const ofMachine = query((db, param: Param<{ machineId: string }>) =>
  db
    .selectFrom('machine_tokens')
    .select(['token_id as tokenId', 'sealed'])
    .where('machine_id', '=', param('machineId')),
)

const page = query((db, param: Param<{ limit: number; after: string }>) =>
  db
    .selectFrom('machine_tokens')
    .select('machine_id as machineId')
    .where('machine_id', '>', param('after'))
    .orderBy('machine_id')
    .limit(param('limit')),
)

const set = query((db, param: Param<{ machineId: string; tokenId: Uint8Array; sealed: Uint8Array }>) =>
  db
    .insertInto('machine_tokens')
    .values({ machine_id: param('machineId'), token_id: param('tokenId'), sealed: param('sealed') })
    .onConflict((conflict) =>
      conflict
        .column('machine_id')
        .doUpdateSet((eb) => ({ token_id: eb.ref('excluded.token_id'), sealed: eb.ref('excluded.sealed') })),
    ),
)

const remove = query((db, param: Param<{ machineId: string }>) =>
  db.deleteFrom('machine_tokens').where('machine_id', '=', param('machineId')),
)
