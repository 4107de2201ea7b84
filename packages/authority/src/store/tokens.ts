// Minted tokens: what is remembered of them, and their lists page by page.
import type { Kysely } from 'kysely'

import { DomainError } from '../domain/errors.ts'
import type { Page } from '../domain/page.ts'
import type { Transaction } from '../domain/store.ts'
import type { ListedToken, NewToken, TokenCursor, TokenQuery, TokenRecord } from '../domain/token.ts'
import { query, type Param, type Session } from './query.ts'
import type { Database } from './schema.ts'
import { formatTokenId, parseTokenId } from './token-id.ts'

export function tokens(session: Session): Transaction['tokens'] {
  async function list(
    lists: typeof ofOrganisation,
    owner: number,
    { state, now, limit, after }: TokenQuery,
  ): Promise<Page<ListedToken, TokenCursor>> {
    const afterId = after && parseTokenId(after.id)
    const last = afterId && (await session.one(byId, { id: afterId }))
    const rows = await session.many(lists[state], {
      owner,
      now,
      afterExpiry: after?.expiresAt ?? Number.MAX_SAFE_INTEGER,
      afterCreation: last?.createdAt ?? Number.MAX_SAFE_INTEGER,
      afterId: afterId ?? pastEveryId,
      limit: limit + 1,
    })
    const items = rows.slice(0, limit).map(toListed)
    const end = items.at(-1)
    return rows.length > limit && end ? { items, next: { expiresAt: end.expiresAt, id: end.id } } : { items }
  }

  return {
    byId: async (id) => {
      const bytes = parseTokenId(id)
      const row = bytes && (await session.one(byId, { id: bytes }))
      return row && toRecord(row)
    },
    byIdWithNames: async (id) => {
      const bytes = parseTokenId(id)
      const row = bytes && (await session.one(byIdWithNames, { id: bytes }))
      return row && toListed(row)
    },
    ofOrganisation: (organisationId, query) => list(ofOrganisation, organisationId, query),
    ofApp: (appId, query) => list(ofApp, appId, query),
    insert: async (token) => {
      const inserted = await session.insert(insert, {
        ...token,
        id: requireTokenId(token.id),
        mintedBy: token.mintedBy === null ? null : requireTokenId(token.mintedBy),
      })
      if (!inserted) throw new DomainError('conflict', 'There is already a token with this id.')
    },
    revoke: async (id, at, by) => {
      const bytes = parseTokenId(id)
      if (bytes) await session.run(revoke, { id: bytes, at, by })
    },
    revokeOfApp: (appId, at, by) => session.run(revokeOfApp, { appId, at, by }),
  }
}

/** A record as it is stored, with the ids as bytes. */
type Stored<Token extends TokenRecord> = Omit<Token, 'id' | 'mintedBy'> & {
  readonly id: Uint8Array
  readonly mintedBy: Uint8Array | null
}

interface ListParameters {
  readonly owner: number
  readonly now: number
  readonly afterExpiry: number
  readonly afterCreation: number
  readonly afterId: Uint8Array
  readonly limit: number
}

// Greater than every id of 16 bytes: where the first page starts.
const pastEveryId = new Uint8Array(17).fill(0xff)

const columns = [
  'tokens.id',
  'tokens.organisation_id as organisationId',
  'tokens.app_id as appId',
  'tokens.profile',
  'tokens.name',
  'tokens.created_by as createdBy',
  'tokens.minted_by as mintedBy',
  'tokens.created_at as createdAt',
  'tokens.expires_at as expiresAt',
  'tokens.revoked_at as revokedAt',
  'tokens.revoked_by as revokedBy',
] as const

// What a list shows besides. A look-up of every request goes without: it would read more than it needs.
const listed = ['tokens.caveats', 'users.email as createdByEmail', 'apps.name as appName'] as const

const byId = query((db, param: Param<{ id: Uint8Array }>) =>
  db.selectFrom('tokens').select(columns).where('id', '=', param('id')),
)

const byIdWithNames = query((db, param: Param<{ id: Uint8Array }>) =>
  db
    .selectFrom('tokens')
    .leftJoin('users', 'users.id', 'tokens.created_by')
    .leftJoin('apps', 'apps.id', 'tokens.app_id')
    .select(columns)
    .select(listed)
    .where('tokens.id', '=', param('id')),
)

const ofOrganisation = { all: allOf('organisation_id'), live: liveOf('organisation_id') }
const ofApp = { all: allOf('app_id'), live: liveOf('app_id') }

type Owner = 'organisation_id' | 'app_id'

function liveOf(owner: Owner) {
  return query((db, param: Param<ListParameters>) =>
    pageOf(db, param, owner, 'is').where('tokens.expires_at', '>', param('now')),
  )
}

// A page of either half holds enough: the page of all is merged from the two, and needs no index of all.
function allOf(owner: Owner) {
  return query((db, param: Param<ListParameters>) =>
    db
      .selectFrom(pageOf(db, param, owner, 'is').as('live'))
      .selectAll()
      .unionAll(db.selectFrom(pageOf(db, param, owner, 'is not').as('revoked')).selectAll())
      .orderBy('expiresAt', 'desc')
      .orderBy('createdAt', 'desc')
      .orderBy('id', 'desc')
      .limit(param('limit')),
  )
}

// Walks one partial index backwards from the cursor and stops after a page; the names are looked up for its rows alone.
// "is null" and "is not null" stand there as in the indexes, or the planner would not use them.
function pageOf(db: Kysely<Database>, param: Param<ListParameters>, owner: Owner, revoked: 'is' | 'is not') {
  return db
    .selectFrom('tokens')
    .leftJoin('users', 'users.id', 'tokens.created_by')
    .leftJoin('apps', 'apps.id', 'tokens.app_id')
    .select(columns)
    .select(listed)
    .where(`tokens.${owner}`, '=', param('owner'))
    .where((eb) =>
      eb(
        eb.refTuple('tokens.expires_at', 'tokens.created_at', 'tokens.id'),
        '<',
        eb.tuple(param('afterExpiry'), param('afterCreation'), param('afterId')),
      ),
    )
    .$if(owner === 'app_id', (lists) => lists.where('tokens.app_id', 'is not', null))
    .where('tokens.revoked_at', revoked, null)
    .orderBy('tokens.expires_at', 'desc')
    .orderBy('tokens.created_at', 'desc')
    .orderBy('tokens.id', 'desc')
    .limit(param('limit'))
}

const insert = query((db, param: Param<Stored<NewToken>>) =>
  db
    .insertInto('tokens')
    .values({
      id: param('id'),
      organisation_id: param('organisationId'),
      app_id: param('appId'),
      profile: param('profile'),
      name: param('name'),
      created_by: param('createdBy'),
      minted_by: param('mintedBy'),
      created_at: param('createdAt'),
      expires_at: param('expiresAt'),
      revoked_at: param('revokedAt'),
      revoked_by: param('revokedBy'),
      caveats: param('caveats'),
    })
    .onConflict((conflict) => conflict.doNothing()),
)

const revoke = query((db, param: Param<{ id: Uint8Array; at: number; by: string }>) =>
  db
    .updateTable('tokens')
    .set({ revoked_at: param('at'), revoked_by: param('by') })
    .where('id', '=', param('id'))
    .where('revoked_at', 'is', null),
)

const revokeOfApp = query((db, param: Param<{ appId: number; at: number; by: string }>) =>
  db
    .updateTable('tokens')
    .set({ revoked_at: param('at'), revoked_by: param('by') })
    .where('app_id', '=', param('appId'))
    .where('app_id', 'is not', null)
    .where('revoked_at', 'is', null),
)

// Field by field: rows of node:sqlite are slow to spread, and a page has many.
function toRecord(row: Stored<TokenRecord>): TokenRecord {
  return {
    id: formatTokenId(row.id),
    organisationId: row.organisationId,
    appId: row.appId,
    profile: row.profile,
    name: row.name,
    createdBy: row.createdBy,
    mintedBy: row.mintedBy && formatTokenId(row.mintedBy),
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    revokedAt: row.revokedAt,
    revokedBy: row.revokedBy,
  }
}

function toListed(row: Stored<ListedToken>): ListedToken {
  const { caveats, createdByEmail, appName } = row
  return { ...toRecord(row), caveats, createdByEmail, appName }
}

function requireTokenId(id: string): Uint8Array {
  const bytes = parseTokenId(id)
  if (bytes === undefined) throw new TypeError('A token id must be a UUID.')
  return bytes
}
