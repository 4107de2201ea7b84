// The feed: events in the order of commits.
import type { FeedEvent, FeedPosition, FeedSubject } from '../domain/feed.ts'
import type { Transaction } from '../domain/store.ts'
import { query, type Param, type QuerySession } from './query.ts'
import { formatTokenId, requireTokenId } from './token-id.ts'

export function feed(session: QuerySession): Transaction['feed'] {
  const atPosition = ({ id, at }: FeedPosition) => session.one(eventAt, { id, at })
  return {
    end: async () => (await session.one(last, {})) ?? beginning,
    after: async (position, limit) => {
      const isKnown = position.id === 0 || (await atPosition(position)) !== undefined
      if (!isKnown) return undefined
      const rows = await session.many(after, { id: position.id, limit })
      const [first] = rows
      // Behind the beginning comes the first event of all, or it was removed.
      if (position.id === 0 && first !== undefined && first.id !== firstId) return undefined
      return rows.map(toEvent)
    },
    areOlder: async (at) => {
      const [eldest, next] = await session.many(firstTwo, {})
      return eldest !== undefined && next !== undefined && eldest.at < at
    },
    removeBefore: async (at) => (await session.many(removeFirst, { at, limit: stepSize + 1 })).length === stepSize,
  }
}

/** Tells the feed that a token is dead for good. */
export function tellRevoked(session: QuerySession, id: string): Promise<void> {
  return append(session, { kind: 'token', id }, 1)
}

/** Tells the feed what has changed. Its place among all events is that of the commit. */
export function tell(session: QuerySession, subject: FeedSubject): Promise<void> {
  return append(session, subject, 0)
}

function append(session: QuerySession, subject: FeedSubject, isFinal: 0 | 1): Promise<void> {
  const { kind, id } = subject
  const [tokenId, number] = typeof id === 'string' ? [requireTokenId(id), null] : [null, id]
  return session.append(insert, { at: Date.now(), kind, tokenId, number, isFinal })
}

const beginning: FeedPosition = { id: 0, at: 0 }
const firstId = 1

/** Rows in one step, which takes a few milliseconds while others wait. */
const stepSize = 100

interface Row {
  readonly at: number
  readonly kind: FeedSubject['kind']
  readonly tokenId: Uint8Array | null
  readonly number: number | null
  readonly isFinal: number
}

function toEvent({ id, at, kind, tokenId, number, isFinal }: Row & { readonly id: number }): FeedEvent {
  const subject =
    kind === 'token' ? { kind, id: formatTokenId(tokenId ?? new Uint8Array()) } : { kind, id: number ?? 0 }
  return { id, at, subject, isFinal: isFinal === 1 }
}

const last = query((db) =>
  db
    .selectFrom('feed_events')
    .select(['id', 'at'])
    .orderBy('id', 'desc')
    .limit((eb) => eb.lit(1)),
)

const firstTwo = query((db) =>
  db
    .selectFrom('feed_events')
    .select(['id', 'at'])
    .orderBy('id')
    .limit((eb) => eb.lit(2)),
)

const eventAt = query((db, param: Param<FeedPosition>) =>
  db.selectFrom('feed_events').select('id').where('id', '=', param('id')).where('at', '=', param('at')),
)

const after = query((db, param: Param<{ id: number; limit: number }>) =>
  db
    .selectFrom('feed_events')
    .select(['id', 'at', 'kind', 'token_id as tokenId', 'number', 'is_final as isFinal'])
    .where('id', '>', param('id'))
    .orderBy('id')
    .limit(param('limit')),
)

const insert = query((db, param: Param<Row>) =>
  db.insertInto('feed_events').values({
    at: param('at'),
    kind: param('kind'),
    token_id: param('tokenId'),
    number: param('number'),
    is_final: param('isFinal'),
  }),
)

// Up to the first event that is young enough, and not up to a later one: who stands at an event that a clock wrote which
// was ahead would not notice that those behind it are gone.
const removeFirst = query((db, param: Param<{ at: number; limit: number }>) =>
  db
    .with('first', (cte) => cte.selectFrom('feed_events').select(['id', 'at']).orderBy('id').limit(param('limit')))
    .deleteFrom('feed_events')
    .where('id', '<', (eb) =>
      eb
        .selectFrom('first')
        .select((kept) => kept.fn.min<number>('id').as('id'))
        .where((kept) =>
          kept.or([
            kept('at', '>=', param('at')),
            kept(
              'id',
              '=',
              kept.selectFrom('first').select((last) => last.fn.max<number>('id').as('id')),
            ),
          ]),
        ),
    )
    .returning('id'),
)
