// The outbox: tasks by due time.
import { DomainError } from '../domain/errors.ts'
import type { OutboxTask } from '../domain/outbox.ts'
import type { Transaction } from '../domain/store.ts'
import { query, type Param, type QuerySession } from './query.ts'

export function outbox(session: QuerySession): Transaction['outbox'] {
  return {
    isDue: async (now) => (await session.one(due, { now, limit: 1 })) !== undefined,
    insert: async (task) => {
      if (((await session.one(count, { limit: mostWaiting }))?.count ?? 0) >= mostWaiting) return undefined
      const row = await session.one(insert, { ...task, tries: 0 })
      if (row === undefined) throw new DomainError('conflict', 'There is already a task with this id.')
      return row.id
    },
    claim: async (now, until) => {
      await session.run(removeExpired, { now, limit: mostRemoved })
      const task = await session.one(due, { now, limit: 1 })
      if (task === undefined) return undefined
      // If two find the same task, one of them claims it.
      const claimed = await session.one(claim, { id: task.id, found: task.dueAt, until })
      return claimed && { ...task, dueAt: until, tries: task.tries + 1 }
    },
    postpone: (id, dueAt) => session.run(postpone, { id, dueAt }),
    delete: (id) => session.run(remove, { id }),
  }
}

const mostWaiting = 10_000
const mostRemoved = 100

const due = query((db, param: Param<{ now: number; limit: number }>) =>
  db
    .selectFrom('outbox')
    .select(['id', 'kind', 'payload', 'due_at as dueAt', 'expires_at as expiresAt', 'tries'])
    .where('due_at', '<=', param('now'))
    .where('expires_at', '>', param('now'))
    .orderBy('due_at')
    .orderBy('id')
    .limit(param('limit')),
)

const count = query((db, param: Param<{ limit: number }>) =>
  db
    .selectFrom(db.selectFrom('outbox').select('id').limit(param('limit')).as('waiting'))
    .select((eb) => eb.fn.countAll<number>().as('count')),
)

const insert = query((db, param: Param<Omit<OutboxTask, 'id'>>) =>
  db
    .insertInto('outbox')
    .values({
      kind: param('kind'),
      payload: param('payload'),
      due_at: param('dueAt'),
      expires_at: param('expiresAt'),
      tries: param('tries'),
    })
    .returning('id'),
)

const claim = query((db, param: Param<{ id: number; found: number; until: number }>) =>
  db
    .updateTable('outbox')
    .set((eb) => ({ due_at: param('until'), tries: eb('tries', '+', eb.lit(1)) }))
    .where('id', '=', param('id'))
    .where('due_at', '=', param('found'))
    .returning('id'),
)

const postpone = query((db, param: Param<{ id: number; dueAt: number }>) =>
  db
    .updateTable('outbox')
    .set({ due_at: param('dueAt') })
    .where('id', '=', param('id')),
)

const remove = query((db, param: Param<{ id: number }>) => db.deleteFrom('outbox').where('id', '=', param('id')))

const removeExpired = query((db, param: Param<{ now: number; limit: number }>) =>
  db
    .deleteFrom('outbox')
    .where(
      'id',
      'in',
      db.selectFrom('outbox').select('id').where('expires_at', '<=', param('now')).limit(param('limit')),
    ),
)
