// The last uses of credentials, in tables of their own: the rows of tokens and logins are written for what decides alone.
import { sql, type SqlBool } from 'kysely'

import type { Transaction } from '../domain/store.ts'
import type { NotedLoginUse, NotedTokenUse } from '../domain/use-log.ts'
import { mergeUses, type LoginKind, type TokenUse, type Use } from '../domain/use.ts'
import { query, type Param, type QuerySession } from './query.ts'
import { settings } from './settings.ts'
import { requireTokenId } from './token-id.ts'

export function uses(session: QuerySession): Transaction['uses'] {
  return {
    knownSince: async () => {
      const known = await settings(session).get(sinceName)
      return known === undefined ? undefined : Number(known)
    },
    setKnownSince: async (at) => {
      const named = settings(session)
      if ((await named.get(sinceName)) === undefined) await named.set(sinceName, String(at))
    },
    ofUser: async (userId, kind) => {
      const rows = await session.many(ofUser, { userId, kind })
      return new Map(
        rows.map(({ id, at, address, operation, userAgent }) => [id, { at, address, operation, userAgent }]),
      )
    },
    record: async ({ tokens, logins }) => {
      // All in one order, so that several servers do not wait for each other in a circle.
      await inOrder(
        tokens,
        (token) => token.id,
        (token) => recordToken(session, token),
      )
      await inOrder(
        logins,
        ({ kind, id }) => `${kind} ${id}`,
        (login) => recordLogin(session, login),
      )
    },
  }
}

const sinceName = 'uses_known_since'

/** Removes the use of one login or passkey. */
export function removeLoginUse(session: QuerySession, kind: LoginKind, id: number): Promise<void> {
  return session.run(removeOne, { kind, id })
}

/** Removes the uses of a person's logins or passkeys that are gone. */
export function removeLoginUses(session: QuerySession, kind: LoginKind, userId: number): Promise<void> {
  return session.run(removeStrays[kind], { userId })
}

/** Removes the use of a token. */
export function removeTokenUse(session: QuerySession, tokenId: Uint8Array): Promise<void> {
  return session.run(removeOfToken, { tokenId })
}

/** The columns of a token's use, beside those of the token; all null if no use is known. */
export const useColumns = [
  'token_uses.used_at as usedAt',
  'token_uses.operation as usedFor',
  'token_uses.user_agent as usedBy',
  'token_uses.used_from as usedFrom',
] as const

export interface UseRow {
  readonly usedAt: number | null
  readonly usedFor: string | null
  readonly usedBy: string | null
  /** JSON of pairs of an address and a time. */
  readonly usedFrom: string | null
}

export function toTokenUse({ usedAt, usedFor, usedBy, usedFrom }: UseRow): TokenUse | null {
  if (usedAt === null || usedFor === null || usedBy === null || usedFrom === null) return null
  const pairs = JSON.parse(usedFrom) as readonly (readonly [address: string, at: number])[]
  const [first, ...others] = pairs.map(([address, at]) => ({ address, at }))
  return first === undefined
    ? null
    : { at: usedAt, operation: usedFor, userAgent: usedBy, usedFrom: [first, ...others] }
}

async function recordToken(session: QuerySession, { id, ...noted }: NotedTokenUse): Promise<void> {
  const tokenId = requireTokenId(id)
  const found = await session.one(tokenWithUse, { tokenId })
  if (found === undefined) return
  const known = toTokenUse(found)
  const { at, operation, userAgent, usedFrom } = known === null ? noted : mergeUses(known, noted)
  await session.run(upsertToken, {
    tokenId,
    organisationId: found.organisationId,
    at,
    operation,
    userAgent,
    usedFrom: JSON.stringify(usedFrom.map((from) => [from.address, from.at])),
  })
}

async function recordLogin(session: QuerySession, { kind, id, ...use }: NotedLoginUse): Promise<void> {
  const found = await session.one(loginWithUse[kind], { id })
  if (found === undefined || (found.usedAt !== null && found.usedAt >= use.at)) return
  const { at, address, operation, userAgent } = use
  await session.run(upsertLogin, { kind, id, userId: found.userId, at, address, operation, userAgent })
}

async function inOrder<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const keyed = items.map((item) => ({ key: keyOf(item), item })).sort((a, b) => (a.key < b.key ? -1 : 1))
  for (const { item } of keyed) await work(item)
}

const ofUser = query((db, param: Param<{ userId: number; kind: LoginKind }>) =>
  db
    .selectFrom('login_uses')
    .select(['id', 'used_at as at', 'address', 'operation', 'user_agent as userAgent'])
    .where('user_id', '=', param('userId'))
    .where('kind', '=', param('kind')),
)

const tokenWithUse = query((db, param: Param<{ tokenId: Uint8Array }>) =>
  db
    .selectFrom('tokens')
    .leftJoin('token_uses', 'token_uses.token_id', 'tokens.id')
    .select(['tokens.organisation_id as organisationId', ...useColumns])
    .where('tokens.id', '=', param('tokenId')),
)

const loginWithUse = { session: withUse('sessions', 'session'), passkey: withUse('passkeys', 'passkey') }

function withUse(table: 'sessions' | 'passkeys', kind: LoginKind) {
  return query((db, param: Param<{ id: number }>) =>
    db
      .selectFrom(table)
      .leftJoin('login_uses', (join) =>
        join.onRef('login_uses.id', '=', `${table}.id`).on('login_uses.kind', '=', sql.lit(kind)),
      )
      .select([`${table}.user_id as userId`, 'login_uses.used_at as usedAt'])
      .where(`${table}.id`, '=', param('id')),
  )
}

interface TokenRow extends Omit<TokenUse, 'usedFrom'> {
  readonly tokenId: Uint8Array
  readonly organisationId: number
  readonly usedFrom: string
}

const upsertToken = query((db, param: Param<TokenRow>) =>
  db
    .insertInto('token_uses')
    .values({
      token_id: param('tokenId'),
      organisation_id: param('organisationId'),
      used_at: param('at'),
      operation: param('operation'),
      user_agent: param('userAgent'),
      used_from: param('usedFrom'),
    })
    .onConflict((conflict) =>
      conflict.column('token_id').doUpdateSet((eb) => ({
        used_at: eb.ref('excluded.used_at'),
        operation: eb.ref('excluded.operation'),
        user_agent: eb.ref('excluded.user_agent'),
        used_from: eb.ref('excluded.used_from'),
      })),
    ),
)

const upsertLogin = query((db, param: Param<Use & { kind: LoginKind; id: number; userId: number }>) =>
  db
    .insertInto('login_uses')
    .values({
      kind: param('kind'),
      id: param('id'),
      user_id: param('userId'),
      used_at: param('at'),
      operation: param('operation'),
      user_agent: param('userAgent'),
      address: param('address'),
    })
    .onConflict((conflict) =>
      conflict.columns(['kind', 'id']).doUpdateSet((eb) => ({
        used_at: eb.ref('excluded.used_at'),
        operation: eb.ref('excluded.operation'),
        user_agent: eb.ref('excluded.user_agent'),
        address: eb.ref('excluded.address'),
      })),
    ),
)

const removeOne = query((db, param: Param<{ kind: LoginKind; id: number }>) =>
  db.deleteFrom('login_uses').where('kind', '=', param('kind')).where('id', '=', param('id')),
)

const removeStrays = { session: removeWithout('sessions', 'session'), passkey: removeWithout('passkeys', 'passkey') }

function removeWithout(table: 'sessions' | 'passkeys', kind: LoginKind) {
  return query((db, param: Param<{ userId: number }>) =>
    db
      .deleteFrom('login_uses')
      .where('user_id', '=', param('userId'))
      .where('kind', '=', sql.lit(kind))
      .where(
        sql<SqlBool>`not exists (select 1 from ${sql.table(table)} where ${sql.ref(`${table}.id`)} = login_uses.id)`,
      ),
  )
}

const removeOfToken = query((db, param: Param<{ tokenId: Uint8Array }>) =>
  db.deleteFrom('token_uses').where('token_id', '=', param('tokenId')),
)
