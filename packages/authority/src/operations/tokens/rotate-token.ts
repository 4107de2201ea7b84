// token.rotate: replaces a token by one with the same caveats. What it minted is the successor's from the commit on.
import { actions, expiration, type Caveat } from '@hallpass/macaroon'
import { decodeCaveats, encodeCaveats } from '@hallpass/macaroon/internal'

import { formatDerived, type DerivedName } from '../../domain/derived-token.ts'
import { DomainError } from '../../domain/errors.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import type { ListedToken } from '../../domain/token.ts'
import { nowhere } from '../../domain/token-policy.ts'
import { isTrustPolicyId } from '../../domain/trust-policy.ts'
import { inherit, withoutQuestion } from '../discharges/membership-demand.ts'
import { blockIn, type Judged } from '../perform/blocks.ts'
import { derivedLine } from '../perform/derived.ts'
import type { WriteContext, WriteOperation } from '../perform/operation.ts'
import { describeActor, describeCredential, describeEnd, type Credential } from '../perform/principal.ts'
import { accessToken, type FoundToken } from './find-token.ts'
import { findCreator, isAdmin, mintWhole, refuseMinting, validityFrom } from './mint-under.ts'
import type { Minted } from './mint-token.ts'

export interface RotateToken {
  readonly id: string
  /** Seconds that the old token lives on; 0 to revoke it at once. */
  readonly grace: number
  /** Seconds of the new one; absent for as many as the old one had, or fewer where the organisation allows no more. */
  readonly lifetime: number | undefined
}

export interface Rotated extends Minted {
  /** The token that was replaced, as it is now. */
  readonly replaced: Judged<ListedToken>
  readonly usesKnownSince: FoundToken['usesKnownSince']
}

export const rotateToken: WriteOperation<RotateToken, FoundToken, Rotated> = {
  name: 'token.rotate',
  mode: 'write',

  async access(context, { id }) {
    // As minting it: whoever lacks a part of the mask must not get a token that has it.
    const request = await accessToken(context, id, actions.all)
    const { organisation } = request.subject
    const { requirement } = request
    if (requirement.kind !== 'access') return request
    const { exempt: _exempt, ...asMinting } = requirement
    return {
      ...request,
      requirement: { ...asMinting, refuse: (credential) => refuseMinting(credential, organisation) },
    }
  },

  async run(context, { input: { grace, lifetime }, subject: { record, organisation, usesKnownSince }, actor }) {
    const { tx, environment, caller, now } = context
    const stored = expectRotatable(record, now)
    await expectLine(tx, actor, record)
    const whole = await withoutQuestion(tx, environment.keyring, record, decodeCaveats(stored))
    const inherited = await inherit(tx, environment.keyring, actor)
    const before = Math.max(1, Math.ceil((record.expiresAt - record.createdAt) / 1000))
    const seconds = lifetime ?? Math.min(before, organisation.tokenPolicy.maxLifetime ?? Infinity)
    const by = describeCredential(actor)
    const endsAt = grace === 0 ? record.expiresAt : Math.min(record.expiresAt, now + grace * 1000)
    // Before the successor is counted.
    if (grace === 0) await tx.tokens.revoke(record.id, now, `${by}, by rotating it`)
    const creator = await findCreator(tx, actor)
    const { token, record: successor } = await mintWhole(context, {
      organisation,
      profile: record.profile,
      appId: record.appId,
      machineId: null,
      name: record.name,
      caveats: renew(whole.caveats, inherited.caveats, now, seconds),
      demands: [whole.demand, inherited.demand],
      // It dies with whatever the old one would have died with, and with the token that made it.
      mintedBy: record.mintedBy ?? (actor.kind === 'token' && actor.record.id !== record.id ? actor.record.id : null),
      derivedMinters: await findDerivedMinters(context, actor, record),
      creator,
      predecessorId: record.id,
      isApproved: await isApprovedAgain(tx, actor, { record, organisation, isLonger: seconds > before }),
    })
    await tx.tokens.handOn(record.id, successor.id, endsAt)
    await tx.audit.append({
      at: now,
      organisationId: organisation.id,
      operation: 'token.mint',
      outcome: 'allowed',
      actor: describeActor(actor),
      target: `token ${successor.id}`,
      reason: `in the place of token ${record.id}`,
      requestId: caller.requestId,
    })
    const named = { createdByEmail: creator?.email ?? null, createdByProvenAt: creator?.emailProvenAt ?? null }
    const ended = grace === 0 ? { revokedAt: now, revokedBy: `${by}, by rotating it` } : {}
    const listed = { ...successor, ...named, appName: record.appName, lastUse: null }
    const replaced = { ...record, ...ended, expiresAt: endsAt, successorId: successor.id }
    return {
      token,
      record: { ...listed, block: await blockIn(tx, organisation, listed, nowhere) },
      organisation,
      usesKnownSince,
      replaced: { ...replaced, block: await blockIn(tx, organisation, replaced, nowhere) },
    }
  },

  auditDetails: ({ record, replaced }) => ({
    target: `token ${replaced.id}`,
    organisationId: record.organisationId,
    reason: `replaced by token ${record.id}`,
  }),
}

/**
 * What the old token would have died with, and the derived token that rotates.
 * @throws DomainError `conflict` if these are too many: each use of a rotated token could add some
 */
async function findDerivedMinters(
  { tx, environment }: WriteContext,
  actor: Credential,
  { id }: ListedToken,
): Promise<readonly DerivedName[]> {
  const before = await tx.tokens.derivedMinters(id)
  const now = actor.kind === 'token' ? await derivedLine(tx, environment.keyring, actor) : []
  const all = new Map([...before, ...now].map((name) => [formatDerived(name), name]))
  if (all.size <= mostDerivedMinters) return [...all.values()]
  throw new DomainError(
    'conflict',
    `token ${id} comes from more than ${mostDerivedMinters} tokens that were narrowed: mint a new one`,
  )
}

const mostDerivedMinters = 1000

/**
 * A successor is approved as the old token was, for as long a life, and in the same hands: otherwise any member could have an approved
 * token by rotating that of somebody else. An admin who rotates approves.
 */
async function isApprovedAgain(
  tx: ReadTransaction,
  actor: Credential,
  { record, organisation, isLonger }: Pick<FoundToken, 'record' | 'organisation'> & { readonly isLonger: boolean },
): Promise<boolean> {
  const { approval } = organisation.tokenPolicy
  const isAllowed = !approval || (isInSameHands(actor, record) && !isLonger)
  const isGood = actor.kind === 'user' || actor.record.isApproved
  if (record.isApproved && isAllowed && isGood) return true
  return isAdmin(tx, actor, organisation)
}

/** Whether the credential is the token itself, or what made it. */
function isInSameHands(actor: Credential, { id, createdBy, mintedBy }: ListedToken): boolean {
  return actor.kind === 'user' ? actor.user.id === createdBy : [id, mintedBy].includes(actor.record.id)
}

/**
 * The stored caveats of a token that can be replaced.
 * @throws DomainError `conflict` for one that cannot, with the reason
 */
function expectRotatable(record: ListedToken, now: number): Uint8Array {
  const { id, mintedBy, successorId, machineId, caveats } = record
  if (successorId !== null)
    throw new DomainError('conflict', `token ${id} is replaced already: its successor is ${successorId}`)
  const end = describeEnd(record, record.expiresAt, now)
  if (end !== undefined) throw new DomainError('conflict', `${end}: mint a new one`)
  if (machineId !== null) {
    throw new DomainError('conflict', `token ${id} is the own token of machine ${machineId}, which renews it by itself`)
  }
  // A person's successor would count as that of an admin when the account of the person is gone.
  if (mintedBy !== null && isTrustPolicyId(mintedBy)) {
    throw new DomainError(
      'conflict',
      `token ${id} was given for an identity token: exchange another one for a new token`,
    )
  }
  if (caveats !== null) return caveats
  throw new DomainError(
    'conflict',
    `token ${id} is from before caveats were stored, so nobody knows them: mint a new one`,
  )
}

/**
 * A token has one minter. So that the successor dies with the minter of the old token as well as with the token that rotates, the
 * latter must be the old token itself, or above it; or the old one has no minter.
 * @throws DomainError `forbidden`
 */
async function expectLine(tx: ReadTransaction, actor: Credential, { id, mintedBy }: ListedToken): Promise<void> {
  if (actor.kind === 'user' || actor.record.id === id) return
  const own = actor.record.id
  // What would be below its successor must not be above it.
  const mayBeMinter = mintedBy === null && !(await tx.tokens.descendsFrom(own, id))
  if (mayBeMinter || (await tx.tokens.descendsFrom(id, own))) return
  const sentence = `token ${own} may rotate itself, what it minted, and what people minted, except what it comes from`
  throw new DomainError('forbidden', `${sentence}: let a person rotate token ${id}`)
}

/** The caveats with a new window, and with those of the token that rotates, whose end holds too. */
function renew(
  caveats: readonly Caveat[],
  inherited: readonly Caveat[],
  now: number,
  seconds: number,
): readonly Caveat[] {
  const { notBefore, notAfter } = validityFrom(now, seconds)
  const end = expiration(inherited)
  const last = end !== undefined && end < BigInt(notAfter) ? end : BigInt(notAfter)
  const window: Caveat = { type: 'ValidityWindow', notBefore: BigInt(notBefore), notAfter: last }
  const isWindow = ({ type }: Caveat) => type === 'ValidityWindow'
  const at = caveats.findIndex(isWindow)
  const renewed = caveats.flatMap((caveat, place) => (place === at ? [window] : isWindow(caveat) ? [] : [caveat]))
  const written = new Set(renewed.map(write))
  const added = inherited.filter((caveat) => !isWindow(caveat) && !written.has(write(caveat)))
  return [...(at < 0 ? [window] : []), ...renewed, ...added]
}

function write(caveat: Caveat): string {
  return Buffer.from(encodeCaveats([caveat])).toString('latin1')
}
