// The principal: from the credentials in a request to those that count now.
import type { VerifiedMacaroon } from '@hallpass/macaroon'

import type { AuditActor } from '../../domain/audit-event.ts'
import { formatDerived } from '../../domain/derived-token.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Organisation } from '../../domain/organisation.ts'
import { runLabelsOf } from '../../domain/run-labels.ts'
import type { Keyring } from '../../domain/keyring.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import type { SignedId, SignedRecord, TokenRecord } from '../../domain/token.ts'
import { describeUser, type Session, type User } from '../../domain/user.ts'
import { derivedName, findRevokedDerived } from './derived.ts'

/**
 * A macaroon with a genuine signature. The store still has to say whether its key exists and whether it is known and
 * not revoked.
 */
export interface PresentedToken {
  readonly id: string
  readonly organisationId: number
  readonly signed: SignedId
  readonly verified: VerifiedMacaroon
  /** When its own caveats end it, in milliseconds; a holder may have narrowed it. */
  readonly endsAt: number
  /** The discharge in the request that ends first, if any ends. */
  readonly discharge: { readonly location: string; readonly endsAt: number } | undefined
}

/** What a request carries, as far as it can be checked without the store. */
export interface Presented {
  readonly tokens: readonly PresentedToken[]
  /** What `hashAuthToken` makes of each auth token. */
  readonly authTokenHashes: readonly string[]
  /** Why the other tokens were refused, in the order of the header. */
  readonly refusals: readonly string[]
  /**
   * When the first of its tokens ends, in milliseconds, if that is within a week: as it was when they were looked up last,
   * because rotating a token moves its end. Discharges do not count; clients renew them by themselves.
   */
  endsSoon: number | undefined
  /** Removes it from the cache, if it is there, because a part of it no longer counts. */
  readonly forget?: () => void
}

/** The time, in milliseconds, if it is within a week from now. */
export function withinWeek(endsAt: number, now: number): number | undefined {
  return endsAt - now <= week ? endsAt : undefined
}

const week = 7 * 86_400_000

/** The macaroons only: if a service asks about the tokens it was sent, its own login does not count. */
export function tokensAmong(presented: Presented): Presented {
  if (presented.authTokenHashes.length === 0) return presented
  const refusal = 'an auth token is only for its owner and the authority: send services org tokens or deploy tokens'
  return { ...presented, authTokenHashes: [], refusals: [...presented.refusals, refusal] }
}

export type Credential =
  | { readonly kind: 'user'; readonly user: User; readonly sessionId: number; readonly provenAt: number }
  | { readonly kind: 'token'; readonly record: SignedRecord; readonly verified: VerifiedMacaroon }

/** One or more credentials. A request is allowed if any one of them allows all of it. */
export interface Principal {
  readonly credentials: readonly [Credential, ...Credential[]]
}

/** A token that was presented although it was replaced and has ended. */
export interface LateToken {
  readonly record: SignedRecord
  /** Absent for a genuine one that lacks a discharge. */
  readonly verified: VerifiedMacaroon | undefined
}

/**
 * The credentials that count now: known, not revoked, not expired. `now` in milliseconds. Calls `noteLate` with each that is late.
 * @throws DomainError `unauthenticated` if none is left, with the reason for the first one
 */
export async function identify(
  tx: ReadTransaction,
  keyring: Keyring,
  presented: Presented,
  now: number,
  noteLate?: (late: LateToken) => void,
): Promise<Principal> {
  const { tokens, authTokenHashes } = presented
  const [token] = tokens
  const [session] = authTokenHashes
  // Most requests have one of these alone, which needs no list of promises.
  if (tokens.length + authTokenHashes.length === 1) {
    if (token === undefined) {
      const open = session === undefined ? undefined : await tx.sessions.byTokenHash(session)
      return chooseLiving(presented, [], [open], now, noteLate)
    }
    const record = await tx.tokens.signedWith(token.signed)
    const found = [hasRevokedDerived(record) ? await lookClosely(tx, keyring, record, token) : { record }]
    return chooseLiving(presented, found, [], now, noteLate)
  }
  const found = await Promise.all(
    tokens.map(async (each) => {
      const record = await tx.tokens.signedWith(each.signed)
      return hasRevokedDerived(record) ? lookClosely(tx, keyring, record, each) : { record }
    }),
  )
  const sessions = await Promise.all(authTokenHashes.map((hash) => tx.sessions.byTokenHash(hash)))
  return chooseLiving(presented, found, sessions, now, noteLate)
}

/** What the store says of a presented token. */
interface Found {
  readonly record: SignedRecord | undefined
  /** Why it is dead although its record is alive. */
  readonly refusal?: string | undefined
}

function hasRevokedDerived(record: SignedRecord | undefined): record is SignedRecord {
  return record !== undefined && record.revokedDerived > 0
}

/** A function of its own, because nearly no request needs it. */
async function lookClosely(
  tx: ReadTransaction,
  keyring: Keyring,
  record: SignedRecord,
  { verified }: PresentedToken,
): Promise<Found> {
  const revoked = await findRevokedDerived(tx, keyring, { record, verified })
  if (revoked === undefined) return { record }
  const { name, revokedAt } = revoked
  return {
    record,
    refusal: `${formatDerived(name)}, derived from token ${record.id}, is revoked since ${formatInstant(revokedAt)}`,
  }
}

function chooseLiving(
  presented: Presented,
  found: readonly Found[],
  sessions: readonly ({ readonly session: Session; readonly user: User } | undefined)[],
  now: number,
  noteLate: ((late: LateToken) => void) | undefined,
): Principal {
  const credentials: Credential[] = []
  const refusals = [...presented.refusals]
  let firstEnd = Infinity
  for (const [at, token] of presented.tokens.entries()) {
    const { record, refusal: ofDerived } = found[at] ?? { record: undefined }
    const refusal = refuseToken(record, token, now) ?? ofDerived
    if (refusal === undefined) {
      if (record !== undefined) {
        credentials.push({ kind: 'token', record, verified: token.verified })
        firstEnd = Math.min(firstEnd, token.endsAt, record.expiresAt)
      }
      continue
    }
    refusals.push(refusal)
    if (record !== undefined && isLate(record, now)) noteLate?.({ record, verified: token.verified })
  }
  for (const open of sessions) {
    const refusal = refuseSession(open?.session, now)
    if (refusal !== undefined) refusals.push(refusal)
    else if (open !== undefined)
      credentials.push({
        kind: 'user',
        user: open.user,
        sessionId: open.session.id,
        provenAt: open.session.provenAt,
      })
  }
  presented.endsSoon = withinWeek(firstEnd, now)
  if (refusals.length > presented.refusals.length) presented.forget?.()
  const [first, ...rest] = credentials
  if (first === undefined) {
    throw new DomainError('unauthenticated', refusals[0] ?? 'this request carries no token')
  }
  return { credentials: [first, ...rest] }
}

/** Whether it was replaced, and has ended by its record. */
export function isLate(record: TokenRecord, now: number): boolean {
  return record.successorId !== null && describeEnd(record, record.expiresAt, now) !== undefined
}

/** The person among the credentials, if there is one. */
export function findUser(principal: Principal): User | undefined {
  for (const credential of principal.credentials) if (credential.kind === 'user') return credential.user
  return undefined
}

/** Whether it is the caller's own personal organisation. */
export function isOwn(principal: Principal, organisation: Organisation): boolean {
  return organisation.personalOf !== null && organisation.personalOf === findUser(principal)?.id
}

/** The credential's name in audit events and refusals. */
export function describeCredential(credential: Credential): string {
  return credential.kind === 'user' ? describeUser(credential.user) : `token ${credential.record.id}`
}

// ECMA-262 §21.4.1.1: the range of a Date. Caveats may name any 64-bit second.
const furthestInstant = 8.64e15

/** Milliseconds as RFC 3339 in whole seconds; words outside the range of a Date. */
function formatInstant(milliseconds: number): string {
  if (Math.abs(milliseconds) > furthestInstant) return milliseconds < 0 ? 'the beginning of time' : 'the end of time'
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** Why a token that ends at `endsAt` is dead; undefined if it is live. Milliseconds. */
export function describeEnd(record: TokenRecord, endsAt: number, now: number): string | undefined {
  const end =
    record.revokedAt !== null
      ? `is revoked since ${formatInstant(record.revokedAt)}`
      : endsAt < now
        ? `ended at ${formatInstant(endsAt)}`
        : undefined
  if (end === undefined) return undefined
  const { id, successorId } = record
  return successorId === null ? `token ${id} ${end}` : `token ${id} ${end}, and is replaced by token ${successorId}`
}

const longestLocation = 200

/** Why a login does not count now; undefined if it does. */
export function refuseSession(session: Pick<Session, 'expiresAt'> | undefined, now: number): string | undefined {
  if (session === undefined) return 'this auth token is not known: log in again'
  if (session.expiresAt > now) return undefined
  return `this auth token ended at ${formatInstant(session.expiresAt)}: log in again`
}

/** Why a token does not count now, by its row and its caveats; undefined if it does. */
export function refuseToken(
  record: TokenRecord | undefined,
  token: Omit<PresentedToken, 'verified' | 'signed'>,
  now: number,
): string | undefined {
  // A genuine signature over a nonce that was never minted here: somebody abuses the key.
  if (record === undefined || record.organisationId !== token.organisationId) {
    return `token ${token.id} is not known here`
  }
  const end = describeEnd(record, Math.min(record.expiresAt, token.endsAt), now)
  const { discharge } = token
  if (end !== undefined || discharge === undefined || discharge.endsAt >= now) return end
  const from = JSON.stringify(discharge.location.slice(0, longestLocation))
  return `token ${record.id} needs a new discharge from ${from}: the one that came with it ended at ${formatInstant(discharge.endsAt)}`
}

/** The actor for the audit trail. */
export function describeActor(credential: Credential): AuditActor {
  return credential.kind === 'user'
    ? describeUserAsActor(credential.user)
    : {
        kind: 'token',
        id: credential.record.id,
        label: credential.record.name,
        runLabels: runLabelsOf(credential.verified),
        derived: derivedName(credential),
      }
}

/** A person, for the audit trail. */
export function describeUserAsActor(user: User): AuditActor {
  return { kind: 'user', id: String(user.id), label: describeUser(user) }
}

/** The person behind the credential: forty tokens of one person count together. */
export function ownerOf(credential: Credential): string {
  if (credential.kind === 'user') return `user ${credential.user.id}`
  const { createdBy, organisationId } = credential.record
  return createdBy === null ? `tokens of ${organisationId}` : `user ${createdBy}`
}
