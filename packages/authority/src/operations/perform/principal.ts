// Who acts: from what a request presents to the credentials that count at this instant.
import type { VerifiedMacaroon } from '@hallpass/macaroon'

import type { AuditActor } from '../../domain/audit-event.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Organisation } from '../../domain/organisation.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import type { TokenRecord } from '../../domain/token.ts'
import { describeUser, type Session, type User } from '../../domain/user.ts'

/** A macaroon whose signature is genuine; whether its key counts still, and it is known and not revoked, is asked of the store. */
export interface PresentedToken {
  readonly id: string
  readonly organisationId: number
  /** Of the key that it was found to be signed with. */
  readonly kid: Uint8Array
  readonly verified: VerifiedMacaroon
  /** Milliseconds at which its own caveats end it; a holder may have narrowed it. */
  readonly endsAt: number
  /** The discharge that came with it and ends first, where any of them ends. */
  readonly discharge: { readonly location: string; readonly endsAt: number } | undefined
}

/** What a request carries, as far as it can be checked without the state of this instant. */
export interface Presented {
  readonly tokens: readonly PresentedToken[]
  /** SHA-256 of each auth token. */
  readonly authTokenHashes: readonly Uint8Array[]
  /** Why the rest of it was refused, in the order of the header. */
  readonly refusals: readonly string[]
  /** Takes it out of what is remembered, where it is: a part of it counts no longer. */
  readonly forget?: () => void
}

/** The macaroons alone: where a service asks about what it was sent, a login answers for nobody. */
export function tokensAmong(presented: Presented): Presented {
  if (presented.authTokenHashes.length === 0) return presented
  const refusal =
    'an auth token is for its owner and the authority alone: a service is sent org tokens or deploy tokens'
  return { ...presented, authTokenHashes: [], refusals: [...presented.refusals, refusal] }
}

export type Credential =
  | { readonly kind: 'user'; readonly user: User; readonly sessionId: number; readonly provenAt: number }
  | { readonly kind: 'token'; readonly record: TokenRecord; readonly verified: VerifiedMacaroon }

/** One credential or more: a request is allowed where any one of them allows all of it. */
export interface Principal {
  readonly credentials: readonly [Credential, ...Credential[]]
}

/**
 * The credentials that count now: known, not revoked, not expired. `now` in milliseconds.
 * @throws DomainError `unauthenticated` where none is left, with the reason for the first that is not
 */
export async function identify(tx: ReadTransaction, presented: Presented, now: number): Promise<Principal> {
  const credentials: Credential[] = []
  const refusals = [...presented.refusals]
  for (const token of presented.tokens) {
    const record = await tx.tokens.signedWith(token.id, token.kid)
    const refusal = refuseToken(record, token, now)
    if (refusal !== undefined) refusals.push(refusal)
    else if (record !== undefined) credentials.push({ kind: 'token', record, verified: token.verified })
  }
  for (const hash of presented.authTokenHashes) {
    const found = await tx.sessions.byTokenHash(hash)
    const refusal = refuseSession(found?.session, now)
    if (refusal !== undefined) refusals.push(refusal)
    else if (found !== undefined)
      credentials.push({
        kind: 'user',
        user: found.user,
        sessionId: found.session.id,
        provenAt: found.session.provenAt,
      })
  }
  if (refusals.length > presented.refusals.length) presented.forget?.()
  const [first, ...rest] = credentials
  if (first === undefined) {
    throw new DomainError('unauthenticated', refusals[0] ?? 'this request carries no token')
  }
  return { credentials: [first, ...rest] }
}

/** The person among the credentials, where there is one. */
export function findUser(principal: Principal): User | undefined {
  for (const credential of principal.credentials) if (credential.kind === 'user') return credential.user
  return undefined
}

/** Whether it is the personal organisation of the person who asks. */
export function isOwn(principal: Principal, organisation: Organisation): boolean {
  return organisation.personalOf !== null && organisation.personalOf === findUser(principal)?.id
}

/** What people call the credential, in audit events and refusals. */
export function describeCredential(credential: Credential): string {
  return credential.kind === 'user' ? describeUser(credential.user) : `token ${credential.record.id}`
}

// ECMA-262 §21.4.1.1: what a Date can hold. Caveats may name any 64-bit second.
const furthestInstant = 8.64e15

/** Milliseconds as RFC 3339, whole seconds; words for what lies beyond every calendar. */
function formatInstant(milliseconds: number): string {
  if (Math.abs(milliseconds) > furthestInstant) return milliseconds < 0 ? 'the beginning of time' : 'the end of time'
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** Why a token is dead that ends at `endsAt`; undefined while it lives. Milliseconds. */
export function describeEnd(record: TokenRecord, endsAt: number, now: number): string | undefined {
  if (record.revokedAt !== null) return `token ${record.id} is revoked since ${formatInstant(record.revokedAt)}`
  return endsAt < now ? `token ${record.id} ended at ${formatInstant(endsAt)}` : undefined
}

const longestLocation = 200

/** Why a login does not count now; undefined where it does. */
export function refuseSession(session: Pick<Session, 'expiresAt'> | undefined, now: number): string | undefined {
  if (session === undefined) return 'this auth token is not known: log in again'
  if (session.expiresAt > now) return undefined
  return `this auth token ended at ${formatInstant(session.expiresAt)}: log in again`
}

/** Why a token does not count now, as far as its row and its caveats tell; undefined where it does. */
export function refuseToken(
  record: TokenRecord | undefined,
  token: Omit<PresentedToken, 'verified' | 'kid'>,
  now: number,
): string | undefined {
  // A genuine signature over a nonce that was never minted here means that a key is abused.
  if (record === undefined || record.organisationId !== token.organisationId) {
    return `token ${token.id} is not known here`
  }
  const end = describeEnd(record, Math.min(record.expiresAt, token.endsAt), now)
  const { discharge } = token
  if (end !== undefined || discharge === undefined || discharge.endsAt >= now) return end
  const from = JSON.stringify(discharge.location.slice(0, longestLocation))
  return `token ${record.id} needs a new discharge from ${from}: the one that came with it ended at ${formatInstant(discharge.endsAt)}`
}

/** Who did it, for the audit trail. */
export function describeActor(credential: Credential): AuditActor {
  return credential.kind === 'user'
    ? describeUserAsActor(credential.user)
    : { kind: 'token', id: credential.record.id, label: credential.record.name }
}

/** A person, for the audit trail. */
export function describeUserAsActor(user: User): AuditActor {
  return { kind: 'user', id: String(user.id), label: describeUser(user) }
}

/** Whose credential it is: whoever makes themselves forty tokens is one person still. */
export function ownerOf(credential: Credential): string {
  if (credential.kind === 'user') return `user ${credential.user.id}`
  const { createdBy, organisationId } = credential.record
  return createdBy === null ? `tokens of ${organisationId}` : `user ${createdBy}`
}
