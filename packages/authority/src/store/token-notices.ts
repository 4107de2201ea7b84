// Which notices were given for a token.
import { day } from '../domain/notice.ts'
import type { Transaction } from '../domain/store.ts'
import { query, type Param, type QuerySession } from './query.ts'
import { requireTokenId } from './token-id.ts'

export function tokenNotices(session: QuerySession): Pick<Transaction['notices'], 'noteEnd' | 'noteLate'> {
  return {
    noteEnd: (tokenId, days) => session.run(noteEnd, { tokenId: requireTokenId(tokenId), days }),
    noteLate: async (tokenId, at) => {
      const bytes = requireTokenId(tokenId)
      const last = (await session.one(lastLate, { tokenId: bytes }))?.at ?? null
      if (last !== null && Math.abs(at - last) < day) return false
      await session.run(noteLate, { tokenId: bytes, at })
      return true
    },
  }
}

/** Removes what is noted of a token. */
export function removeTokenNotices(session: QuerySession, tokenId: Uint8Array): Promise<void> {
  return session.run(removeOfToken, { tokenId })
}

const noteEnd = query((db, param: Param<{ tokenId: Uint8Array; days: number }>) =>
  db
    .insertInto('token_notices')
    .values({ token_id: param('tokenId'), days: param('days') })
    .onConflict((conflict) => conflict.column('token_id').doUpdateSet((eb) => ({ days: eb.ref('excluded.days') }))),
)

const lastLate = query((db, param: Param<{ tokenId: Uint8Array }>) =>
  db.selectFrom('token_notices').select('late_at as at').where('token_id', '=', param('tokenId')),
)

const noteLate = query((db, param: Param<{ tokenId: Uint8Array; at: number }>) =>
  db
    .insertInto('token_notices')
    .values({ token_id: param('tokenId'), late_at: param('at') })
    .onConflict((conflict) =>
      conflict.column('token_id').doUpdateSet((eb) => ({ late_at: eb.ref('excluded.late_at') })),
    ),
)

const removeOfToken = query((db, param: Param<{ tokenId: Uint8Array }>) =>
  db.deleteFrom('token_notices').where('token_id', '=', param('tokenId')),
)
