// Discharge requests that wait for a person, by the hashes of their two names.
import type { DischargeRequest } from '../domain/discharge.ts'
import { DomainError } from '../domain/errors.ts'
import type { Transaction } from '../domain/store.ts'
import { removeExpired } from './expired-rows.ts'
import { query, type Param, type QuerySession } from './query.ts'
import { formatTokenId, parseTokenId } from './token-id.ts'

export function dischargeRequests(session: QuerySession): Transaction['dischargeRequests'] {
  return {
    byPersonHash: async (hash) => toRequest(await session.one(byPersonHash, { hash })),
    byPollHash: async (hash) => toRequest(await session.one(byPollHash, { hash })),
    findAgain: async ({ tokenId, ticket, requestedFrom }, now) => {
      const id = parseTokenId(tokenId)
      return id === undefined
        ? undefined
        : toRequest(
            await session.one(findAgain, { tokenId: id, ticket, requestedFrom, now, denied: 'denied', limit: 1 }),
          )
    },
    count: async (tokenId, now) => {
      const id = parseTokenId(tokenId)
      return id === undefined ? 0 : ((await session.one(count, { tokenId: id, now }))?.count ?? 0)
    },
    countOf: async (userId, now) => (await session.one(countOf, { userId, now }))?.count ?? 0,
    insert: async ({ personHash, pollHash, ...request }) => {
      const tokenId = parseTokenId(request.tokenId)
      if (tokenId === undefined) throw new TypeError('A token id must be a UUID.')
      const row = await session.one(insert, { ...request, tokenId, personHash, pollHash })
      if (row === undefined) throw new DomainError('conflict', 'There is already a request of this name.')
      return { id: row.id, ...request }
    },
    setNames: (id, names) => session.run(setNames, { id, ...names }),
    setState: (id, state) => session.run(setState, { id, state }),
    delete: (id) => session.run(remove, { id }),
    deleteOfUser: (userId) => session.run(removeOfUser, { userId }),
    deleteExpired: (now) => removeExpired(session, 'discharge_requests', now),
  }
}

type RequestRow = Omit<DischargeRequest, 'tokenId'> & { readonly tokenId: Uint8Array }

function toRequest(row: RequestRow | undefined): DischargeRequest | undefined {
  return row && { ...row, tokenId: formatTokenId(row.tokenId) }
}

const columns = [
  'id',
  'token_id as tokenId',
  'user_id as userId',
  'organisation_id as organisationId',
  'ticket',
  'state',
  'requested_from as requestedFrom',
  'created_at as createdAt',
  'expires_at as expiresAt',
] as const

const byPersonHash = query((db, param: Param<{ hash: Uint8Array }>) =>
  db.selectFrom('discharge_requests').select(columns).where('person_hash', '=', param('hash')),
)

const byPollHash = query((db, param: Param<{ hash: Uint8Array }>) =>
  db.selectFrom('discharge_requests').select(columns).where('poll_hash', '=', param('hash')),
)

const findAgain = query(
  (
    db,
    param: Param<{
      tokenId: Uint8Array
      ticket: Uint8Array
      requestedFrom: string
      now: number
      denied: 'denied'
      limit: number
    }>,
  ) =>
    db
      .selectFrom('discharge_requests')
      .select(columns)
      .where('token_id', '=', param('tokenId'))
      .where('expires_at', '>', param('now'))
      .where('ticket', '=', param('ticket'))
      .where('requested_from', '=', param('requestedFrom'))
      .where('state', '!=', param('denied'))
      .orderBy('id', 'desc')
      .limit(param('limit')),
)

const count = query((db, param: Param<{ tokenId: Uint8Array; now: number }>) =>
  db
    .selectFrom('discharge_requests')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('token_id', '=', param('tokenId'))
    .where('expires_at', '>', param('now')),
)

const countOf = query((db, param: Param<{ userId: number; now: number }>) =>
  db
    .selectFrom('discharge_requests')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('user_id', '=', param('userId'))
    .where('expires_at', '>', param('now')),
)

const insert = query(
  (db, param: Param<Omit<RequestRow, 'id'> & { readonly personHash: Uint8Array; readonly pollHash: Uint8Array }>) =>
    db
      .insertInto('discharge_requests')
      .values({
        person_hash: param('personHash'),
        poll_hash: param('pollHash'),
        token_id: param('tokenId'),
        user_id: param('userId'),
        organisation_id: param('organisationId'),
        ticket: param('ticket'),
        state: param('state'),
        requested_from: param('requestedFrom'),
        created_at: param('createdAt'),
        expires_at: param('expiresAt'),
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id'),
)

const setNames = query((db, param: Param<{ id: number; personHash: Uint8Array; pollHash: Uint8Array }>) =>
  db
    .updateTable('discharge_requests')
    .set({ person_hash: param('personHash'), poll_hash: param('pollHash') })
    .where('id', '=', param('id')),
)

const setState = query((db, param: Param<{ id: number; state: DischargeRequest['state'] }>) =>
  db
    .updateTable('discharge_requests')
    .set({ state: param('state') })
    .where('id', '=', param('id')),
)

const remove = query((db, param: Param<{ id: number }>) =>
  db.deleteFrom('discharge_requests').where('id', '=', param('id')),
)

const removeOfUser = query((db, param: Param<{ userId: number }>) =>
  db.deleteFrom('discharge_requests').where('user_id', '=', param('userId')),
)
