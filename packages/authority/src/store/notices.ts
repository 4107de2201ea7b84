// Notices: for which tokens they are due.
import { sql, type SqlBool } from 'kysely'

import type { Transaction } from '../domain/store.ts'
import { digests } from './digests.ts'
import { query, type Param, type QuerySession } from './query.ts'
import { parseTokenId } from './token-id.ts'
import { tokenNotices } from './token-notices.ts'
import { recordColumns, toRecord } from './token-rows.ts'

export function notices(session: QuerySession): Transaction['notices'] {
  return {
    ending: async ({ endsAt, id }, until, limit) => {
      const afterId = parseTokenId(id) ?? new Uint8Array(0)
      const found: { record: Awaited<ReturnType<typeof toRecord>>; noticed: number | null }[] = []
      for (const row of await session.many(ending, { endsAt, afterId, until, limit })) {
        found.push({ record: await toRecord(session, row), noticed: row.noticed })
      }
      return found
    },
    ...tokenNotices(session),
    ...digests(session),
  }
}

const ending = query((db, param: Param<{ endsAt: number; afterId: Uint8Array; until: number; limit: number }>) =>
  db
    .selectFrom('tokens')
    .leftJoin('token_notices', 'token_notices.token_id', 'tokens.id')
    .select([...recordColumns, 'token_notices.days as noticed'])
    .where(sql<SqlBool>`(tokens.expires_at, tokens.id) > (${param('endsAt')}, ${param('afterId')})`)
    .where('tokens.expires_at', '<=', param('until'))
    .where('tokens.revoked_at', 'is', null)
    .where('tokens.successor_id', 'is', null)
    .where('tokens.machine_id', 'is', null)
    .orderBy('tokens.expires_at')
    .orderBy('tokens.id')
    .limit(param('limit')),
)
