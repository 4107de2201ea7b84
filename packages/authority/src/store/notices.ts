// Notices: for which tokens they are due.
import { sql, type SqlBool } from 'kysely'

import { firstEndPlace, type EndPlace, type EndSpan } from '../domain/notice.ts'
import type { Transaction } from '../domain/store.ts'
import { digests } from './digests.ts'
import { query, type Param, type QuerySession } from './query.ts'
import { parseTokenId } from './token-id.ts'
import { lastOfNext } from './retention.ts'
import { tokenNotices } from './token-notices.ts'
import { recordColumns, toRecord } from './token-rows.ts'

export function notices(session: QuerySession): Transaction['notices'] {
  return {
    ending: async (place, span, limit) => {
      const { organisationId, endsAt, createdAt, id } = place
      const afterId = parseTokenId(id) ?? new Uint8Array(0)
      const from = Math.max(endsAt, span.from)
      const after = { organisationId, endsAt: from, createdAt: endsAt < span.from ? latest : createdAt, afterId }
      const rows = await session.many(ending, { ...after, until: span.until, limit })
      const tokens: { record: Awaited<ReturnType<typeof toRecord>>; noticed: number | null }[] = []
      for (const row of rows) tokens.push({ record: await toRecord(session, row), noticed: row.noticed })
      const last = tokens.at(-1)?.record
      if (last !== undefined && tokens.length === limit) {
        return { tokens, next: { organisationId, endsAt: last.expiresAt, createdAt: last.createdAt, id: last.id } }
      }
      return { tokens, next: await nextOrganisation(session, organisationId, span) }
    },
    ...tokenNotices(session),
    ...digests(session),
  }
}

/** Where to go on behind an organisation: before the next one with tokens in the span, or behind the last one that was looked at. */
async function nextOrganisation(session: QuerySession, after: number, span: EndSpan): Promise<EndPlace | undefined> {
  const { last } = (await session.one(lastOfNext, { after, limit: mostOrganisations })) ?? { last: null }
  if (last === null) return undefined
  const found = await session.one(withEnding, { after, last, ...span })
  if (found !== undefined) return { ...firstEndPlace, organisationId: found.id }
  return { organisationId: last, endsAt: span.until, createdAt: latest, id: '' }
}

/** Organisations of one step, which takes a few milliseconds. */
const mostOrganisations = 500

const latest = Number.MAX_SAFE_INTEGER

interface Ending {
  readonly organisationId: number
  readonly endsAt: number
  readonly createdAt: number
  readonly afterId: Uint8Array
  readonly until: number
  readonly limit: number
}

const ending = query((db, param: Param<Ending>) =>
  db
    .selectFrom('tokens')
    .leftJoin('token_notices', 'token_notices.token_id', 'tokens.id')
    .select([...recordColumns, 'token_notices.days as noticed'])
    .where('tokens.organisation_id', '=', param('organisationId'))
    .where(
      sql<SqlBool>`(tokens.expires_at, tokens.created_at, tokens.id) > (${param('endsAt')}, ${param('createdAt')}, ${param('afterId')})`,
    )
    .where('tokens.expires_at', '<=', param('until'))
    .where('tokens.revoked_at', 'is', null)
    .where('tokens.successor_id', 'is', null)
    .where('tokens.machine_id', 'is', null)
    .orderBy('tokens.expires_at')
    .orderBy('tokens.created_at')
    .orderBy('tokens.id')
    .limit(param('limit')),
)

const withEnding = query((db, param: Param<EndSpan & { readonly after: number; readonly last: number }>) =>
  db
    .selectFrom('organisations')
    .select('id')
    .where('id', '>', param('after'))
    .where('id', '<=', param('last'))
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('tokens')
          .select('tokens.id')
          .whereRef('tokens.organisation_id', '=', 'organisations.id')
          .where('tokens.expires_at', '>', param('from'))
          .where('tokens.expires_at', '<=', param('until'))
          .where('tokens.revoked_at', 'is', null),
      ),
    )
    .orderBy('id')
    .limit((eb) => eb.lit(1)),
)
