// What each person is told next of their tokens.
import { day, firstItems, type Digest, type NoticeItem, type NoticeKind } from '../domain/notice.ts'
import type { Transaction } from '../domain/store.ts'
import { query, type Param, type QuerySession } from './query.ts'

export function digests(session: QuerySession): Pick<Transaction['notices'], 'due' | 'add' | 'told' | 'forget'> {
  return {
    due: async (now) => {
      const row = await session.one(due, { now, limit: 1 })
      return row && toDigest(row)
    },
    add: async ({ userId, kind }, items, { now, dueAt }) => {
      const row = await session.one(digestOf, { userId, kind })
      const known = row && toDigest(row)
      const first = row === undefined || row.count === 0 ? dueAt : Math.min(row.dueAt, dueAt)
      // A time in the future was written by a clock that was ahead.
      const next = row === undefined ? first : Math.max(first, Math.min(row.sentAt, now) + day)
      await session.run(upsert, {
        userId,
        kind,
        count: (known?.count ?? 0) + items.length,
        items: JSON.stringify(firstItems([...(known?.items ?? []), ...items])),
        sentAt: row?.sentAt ?? never,
        dueAt: next,
      })
    },
    told: ({ userId, kind }, at) =>
      session.run(upsert, { userId, kind, count: 0, items: '[]', sentAt: at, dueAt: at + day }),
    forget: ({ userId, kind }) => session.run(remove, { userId, kind }),
  }
}

/** Removes what a person would be told next. */
export function removeDigests(session: QuerySession, userId: number): Promise<void> {
  return session.run(removeOfUser, { userId })
}

/** The time of the last mail, if there was none. */
const never = Number.MIN_SAFE_INTEGER

interface DigestRow extends Omit<Digest, 'items'> {
  readonly items: string
  readonly sentAt: number
  readonly dueAt: number
}

function toDigest({ userId, kind, count, items }: DigestRow): Digest {
  return { userId, kind, count, items: JSON.parse(items) as readonly NoticeItem[] }
}

const digestColumns = ['user_id as userId', 'kind', 'count', 'items', 'sent_at as sentAt', 'due_at as dueAt'] as const

const due = query((db, param: Param<{ now: number; limit: number }>) =>
  db
    .selectFrom('notice_digests')
    .select(digestColumns)
    .where('due_at', '<=', param('now'))
    .orderBy('due_at')
    .limit(param('limit')),
)

const digestOf = query((db, param: Param<{ userId: number; kind: NoticeKind }>) =>
  db
    .selectFrom('notice_digests')
    .select(digestColumns)
    .where('user_id', '=', param('userId'))
    .where('kind', '=', param('kind')),
)

const upsert = query((db, param: Param<DigestRow>) =>
  db
    .insertInto('notice_digests')
    .values({
      user_id: param('userId'),
      kind: param('kind'),
      count: param('count'),
      items: param('items'),
      sent_at: param('sentAt'),
      due_at: param('dueAt'),
    })
    .onConflict((conflict) =>
      conflict.columns(['user_id', 'kind']).doUpdateSet((eb) => ({
        count: eb.ref('excluded.count'),
        items: eb.ref('excluded.items'),
        sent_at: eb.ref('excluded.sent_at'),
        due_at: eb.ref('excluded.due_at'),
      })),
    ),
)

const remove = query((db, param: Param<{ userId: number; kind: NoticeKind }>) =>
  db.deleteFrom('notice_digests').where('user_id', '=', param('userId')).where('kind', '=', param('kind')),
)

const removeOfUser = query((db, param: Param<{ userId: number }>) =>
  db.deleteFrom('notice_digests').where('user_id', '=', param('userId')),
)
