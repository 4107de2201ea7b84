// Records of minted tokens.
import { DomainError } from '../domain/errors.ts'
import { nameKey, type NewToken } from '../domain/token.ts'
import {
  continueRevocations,
  descendsFrom,
  lineOf,
  revocationsAreUnfinished,
  revokeDescendants,
  revokeOne,
} from './descent.ts'
import { derivedTokens } from './derived-tokens.ts'
import { tell, tellRevoked } from './feed.ts'
import { beginRevoking } from './leftovers.ts'
import { addLongCaveats, caveatsColumn, shortCaveats } from './long-caveats.ts'
import { noun } from './noun.ts'
import { lookup, query, type Param } from './query.ts'
import { removeEndedTokens } from './retention.ts'
import { expectNew, revokeOfOrganisation } from './revoked-organisations.ts'
import { formatTokenId, parseTokenId, requireTokenId } from './token-id.ts'
import { tokenLists } from './token-lists.ts'
import { listedColumns, recordColumns, signedColumns, toListed, toRecord, toSigned, type Stored } from './token-rows.ts'

export const tokens = noun('tokens', {
  byId: async (session, id) => {
    const bytes = parseTokenId(id)
    const row = bytes && (await session.one(byId, { id: bytes }))
    return row && toRecord(session, row)
  },
  signedWith: async (session, { id, kid }) => {
    const bytes = parseTokenId(id)
    const row = bytes && (await session.one(signedWith, { id: bytes, kid }))
    return row && toSigned(session, row)
  },
  byIdWithNames: async (session, id) => {
    const bytes = parseTokenId(id)
    const row = bytes && (await session.one(byIdWithNames, { id: bytes }))
    return row && toListed(session, row)
  },
  ...tokenLists(),
  ...derivedTokens,
  revocationsAreUnfinished,
  insert: async (session, token) => {
    await expectNew(session, token.organisationId, token.createdAt)
    const id = requireTokenId(token.id)
    const inserted = await session.insert(insert, {
      ...token,
      nameKey: nameKey(token.name),
      id,
      mintedBy: idOrNull(token.mintedBy),
      successorId: idOrNull(token.successorId),
      predecessorId: idOrNull(token.predecessorId),
      caveats: shortCaveats(token),
      isApproved: Number(token.isApproved),
    })
    if (!inserted) throw new DomainError('conflict', 'There is already a token with this id.')
    await addLongCaveats(session, id, token)
  },
  rename: (session, id, name) => session.run(rename, { id: requireTokenId(id), name, nameKey: nameKey(name) }),
  approve: async (session, id) => session.run(approve, { id: requireTokenId(id), isApproved: 1 }),
  revoke: async (session, id, at, by) => {
    const bytes = parseTokenId(id)
    if (bytes === undefined) return
    await session.run(revokeOne, { id: bytes, at, by })
    await tellRevoked(session, id)
  },
  descendsFrom: async (session, id, other) => {
    const [from, to] = [parseTokenId(id), parseTokenId(other)]
    return from !== undefined && to !== undefined && descendsFrom(session, from, to)
  },
  lineOf: async (session, id, most) => {
    const bytes = parseTokenId(id)
    return bytes === undefined ? [] : lineOf(session, bytes, most)
  },
  handOn: async (session, id, successorId, endsAt) => {
    await session.run(handOn, { id: requireTokenId(id), successorId: requireTokenId(successorId), endsAt })
    await tell(session, { kind: 'token', id })
  },
  revokeDescendants: async (session, id, at, by) => {
    const revoked = await revokeDescendants(session, requireTokenId(id), at, by)
    if (revoked.revoked > 0 || revoked.more) await tell(session, { kind: 'token', id })
    return revoked
  },
  continueRevocations,
  removeEnded: removeEndedTokens,
  revokeOfOrganisation: async (session, organisationId, at, by) => {
    await revokeOfOrganisation(session, organisationId, at, by)
    await tell(session, { kind: 'organisation', id: organisationId })
  },
  revokeOfApp: async (session, appId, at, by) => {
    await beginRevoking(session, appId, at, by)
    await tell(session, { kind: 'app', id: appId })
  },
})

function idOrNull(id: string | null): Uint8Array | null {
  return id === null ? null : requireTokenId(id)
}

const byId = lookup((db, param: Param<{ id: Uint8Array }>) =>
  db.selectFrom('tokens').select(recordColumns).where('id', '=', param('id')),
)

const signedWith = lookup((db, param: Param<{ id: Uint8Array; kid: Uint8Array }>) =>
  db
    .selectFrom('tokens')
    .innerJoin('signing_keys', 'signing_keys.organisation_id', 'tokens.organisation_id')
    .select(signedColumns)
    .where('tokens.id', '=', param('id'))
    .where('signing_keys.kid', '=', param('kid')),
)

const byIdWithNames = query((db, param: Param<{ id: Uint8Array }>) =>
  db
    .selectFrom('tokens')
    .leftJoin('users', 'users.id', 'tokens.created_by')
    .leftJoin('apps', 'apps.id', 'tokens.app_id')
    .leftJoin('token_uses', 'token_uses.token_id', 'tokens.id')
    .select([...listedColumns, caveatsColumn.as('caveats')])
    .where('tokens.id', '=', param('id')),
)

const insert = query((db, param: Param<Stored<NewToken> & { readonly nameKey: string }>) =>
  db
    .insertInto('tokens')
    .values({
      id: param('id'),
      organisation_id: param('organisationId'),
      app_id: param('appId'),
      profile: param('profile'),
      name: param('name'),
      name_key: param('nameKey'),
      created_by: param('createdBy'),
      minted_by: param('mintedBy'),
      created_at: param('createdAt'),
      expires_at: param('expiresAt'),
      revoked_at: param('revokedAt'),
      revoked_by: param('revokedBy'),
      caveats: param('caveats'),
      machine_id: param('machineId'),
      successor_id: param('successorId'),
      predecessor_id: param('predecessorId'),
      is_approved: param('isApproved'),
    })
    .onConflict((conflict) => conflict.doNothing()),
)

const handOn = query(
  (db, param: Param<{ id: Uint8Array; successorId: Uint8Array; endsAt: number }>) =>
    db
      .updateTable('tokens')
      .set({ successor_id: param('successorId'), expires_at: param('endsAt') })
      .where('id', '=', param('id')),
  ({ id }) => formatTokenId(id),
)

const rename = query(
  (db, param: Param<{ id: Uint8Array; name: string; nameKey: string }>) =>
    db
      .updateTable('tokens')
      .set({ name: param('name'), name_key: param('nameKey') })
      .where('id', '=', param('id')),
  ({ id }) => formatTokenId(id),
)

const approve = query(
  (db, param: Param<{ id: Uint8Array; isApproved: number }>) =>
    db
      .updateTable('tokens')
      .set({ is_approved: param('isApproved') })
      .where('id', '=', param('id')),
  ({ id }) => formatTokenId(id),
)
