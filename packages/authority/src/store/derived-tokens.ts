// Derived tokens: which are revoked, and which tokens were minted with one.
import { formatDerived, type DerivedName } from '../domain/derived-token.ts'
import { DomainError } from '../domain/errors.ts'
import type { Transaction } from '../domain/store.ts'
import type { DerivedRevoked } from '../domain/token.ts'
import { beginDerived, lastSuccessor, revocationsAreUnfinished } from './descent.ts'
import { tell } from './feed.ts'
import type { MethodsOf } from './noun.ts'
import { query, type Param, type QuerySession } from './query.ts'
import { formatTokenId, parseTokenId, requireTokenId } from './token-id.ts'

type Methods = 'revokedAmong' | 'revokedDerived' | 'derivedMinters' | 'noteDerivedMinters' | 'revokeDerived'

export const derivedTokens: MethodsOf<Pick<Transaction['tokens'], Methods>> = {
  revokedAmong: async (session, id, digests) => {
    const tokenId = requireTokenId(id)
    const parts = Array.from({ length: Math.ceil(digests.length / atOnce) }, (_, part) =>
      digests.slice(part * atOnce, (part + 1) * atOnce),
    )
    const found = await Promise.all(parts.map((part) => session.many(revokedAmong, asked(tokenId, part))))
    const [row] = found.flat()
    return row && { name: { tokenId: id, digest: row.digest }, revokedAt: row.revokedAt, revokedBy: row.revokedBy }
  },
  revokedDerived: async (session, id, limit) => {
    const tokenId = parseTokenId(id)
    const rows = tokenId === undefined ? [] : await session.many(revokedOf, { tokenId, limit })
    return rows.map(({ digest, ...row }) => ({ name: { tokenId: id, digest }, ...row }))
  },
  derivedMinters: async (session, id) => {
    const rows = await session.many(mintersOf, { id: requireTokenId(id) })
    return rows.map(({ minterId, digest }) => ({ tokenId: formatTokenId(minterId), digest }))
  },
  noteDerivedMinters: async (session, id, minters) => {
    if (minters.length === 0) return
    const tokenId = requireTokenId(id)
    // At once: a token may come from two hundred others, and a server may be far.
    await Promise.all(
      minters.map(({ tokenId: minter, digest }) =>
        session.run(noteMinter, { tokenId, minterId: requireTokenId(minter), digest }),
      ),
    )
  },
  revokeDerived,
}

/** Removes what stands beside the row of a token. A revocation that is not fully marked goes when it is. */
export async function removeDerived(session: QuerySession, tokenId: Uint8Array): Promise<void> {
  await session.run(removeMinters, { tokenId })
  await session.run(removeRevoked, { tokenId })
}

async function revokeDerived(
  session: QuerySession,
  name: DerivedName,
  at: number,
  by: string,
  most = mostRevoked,
): Promise<DerivedRevoked> {
  const tokenId = requireTokenId(name.tokenId)
  const token = await session.one(countOf, { tokenId })
  if (token === undefined) throw new DomainError('not_found', `there is no token ${name.tokenId}`)
  const { digest } = name
  if ((await session.one(revokedOne, { tokenId, digest })) !== undefined) {
    return { wasLive: false, revoked: 0, more: await revocationsAreUnfinished(session) }
  }
  if (token.revokedDerived >= most) {
    throw new DomainError(
      'conflict',
      `${most} tokens that were narrowed from token ${name.tokenId} are revoked already: rotate or revoke that one`,
    )
  }
  await session.run(insertRevoked, { tokenId, digest, at, by })
  // This drops cached look-ups of the token, too.
  await session.run(countOne, { tokenId })
  const done = await beginDerived(session, { tokenId, digest, at, by: `${by}, with ${formatDerived(name)}` })
  await tell(session, { kind: 'token', id: name.tokenId })
  // A derived token may have replaced the one that it comes from: its successor stands above that one.
  const successor = await lastSuccessor(session, tokenId)
  if (successor !== undefined) await tell(session, { kind: 'token', id: formatTokenId(successor) })
  return { wasLive: true, ...done }
}

/** Of one token: each request with it is held against them. */
const mostRevoked = 1000

const countOf = query((db, param: Param<{ tokenId: Uint8Array }>) =>
  db.selectFrom('tokens').select('revoked_derived as revokedDerived').where('id', '=', param('tokenId')),
)

const countOne = query(
  (db, param: Param<{ tokenId: Uint8Array }>) =>
    db
      .updateTable('tokens')
      .set((eb) => ({ revoked_derived: eb('revoked_derived', '+', eb.lit(1)) }))
      .where('id', '=', param('tokenId')),
  ({ tokenId }) => formatTokenId(tokenId),
)

const insertRevoked = query((db, param: Param<{ tokenId: Uint8Array; digest: Uint8Array; at: number; by: string }>) =>
  db.insertInto('revoked_derived_tokens').values({
    token_id: param('tokenId'),
    digest: param('digest'),
    revoked_at: param('at'),
    revoked_by: param('by'),
  }),
)

const revokedOne = query((db, param: Param<{ tokenId: Uint8Array; digest: Uint8Array }>) =>
  db
    .selectFrom('revoked_derived_tokens')
    .select(['revoked_at as revokedAt', 'revoked_by as revokedBy'])
    .where('token_id', '=', param('tokenId'))
    .where('digest', '=', param('digest')),
)

/** Digests that one query looks for. */
const atOnce = 16
const places = Array.from({ length: atOnce }, (_, place) => `digest${place}`)

/** Places that are left over ask for the first digest again. */
function asked(tokenId: Uint8Array, digests: readonly Uint8Array[]): Readonly<Record<string, Uint8Array>> {
  const [first = tokenId] = digests
  return { tokenId, ...Object.fromEntries(places.map((name, place) => [name, digests[place] ?? first])) }
}

const revokedAmong = query((db, param: Param<Readonly<Record<string, Uint8Array>>>) =>
  db
    .selectFrom('revoked_derived_tokens')
    .select(['digest', 'revoked_at as revokedAt', 'revoked_by as revokedBy'])
    .where('token_id', '=', param('tokenId'))
    .where(
      'digest',
      'in',
      places.map((name) => param(name)),
    ),
)

const revokedOf = query((db, param: Param<{ tokenId: Uint8Array; limit: number }>) =>
  db
    .selectFrom('revoked_derived_tokens')
    .select(['digest', 'revoked_at as revokedAt', 'revoked_by as revokedBy'])
    .where('token_id', '=', param('tokenId'))
    .orderBy('revoked_at', 'desc')
    .orderBy('digest')
    .limit(param('limit')),
)

const mintersOf = query((db, param: Param<{ id: Uint8Array }>) =>
  db.selectFrom('derived_minters').select(['minter_id as minterId', 'digest']).where('token_id', '=', param('id')),
)

const noteMinter = query((db, param: Param<{ tokenId: Uint8Array; minterId: Uint8Array; digest: Uint8Array }>) =>
  db
    .insertInto('derived_minters')
    .values({ token_id: param('tokenId'), minter_id: param('minterId'), digest: param('digest') })
    .onConflict((conflict) => conflict.doNothing()),
)

const removeMinters = query((db, param: Param<{ tokenId: Uint8Array }>) =>
  db.deleteFrom('derived_minters').where('token_id', '=', param('tokenId')),
)

const removeRevoked = query((db, param: Param<{ tokenId: Uint8Array }>) =>
  db.deleteFrom('revoked_derived_tokens').where('token_id', '=', param('tokenId')).where('done_to', 'is', null),
)
