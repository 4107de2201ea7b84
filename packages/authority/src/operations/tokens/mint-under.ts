// Mints under a credential: what the new token carries of it, and what is stored of the token.
import { MacaroonError, getCaveats, type Caveat } from '@hallpass/macaroon'
import { maxHeaderLength } from '@hallpass/macaroon/internal'

import type { DerivedName } from '../../domain/derived-token.ts'
import type { Demand } from '../../domain/discharge.ts'
import { DomainError } from '../../domain/errors.ts'
import type { WrappedSigningKey } from '../../domain/key.ts'
import type { MintedToken, TicketOrder } from '../../domain/keyring.ts'
import type { Organisation } from '../../domain/organisation.ts'
import type { Secret } from '../../domain/secret.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { expectSigningKey } from '../../domain/store/signing-keys.ts'
import { leadSeconds, type NewToken } from '../../domain/token.ts'
import { lifetimeOf, nowhere, openPolicy, saySeconds } from '../../domain/token-policy.ts'
import type { User } from '../../domain/user.ts'
import { inherit, orderTicket, type Inheritance } from '../discharges/membership-demand.ts'
import { blockIn } from '../perform/blocks.ts'
import { derivedLine } from '../perform/derived.ts'
import type { Services, WriteContext } from '../perform/operation.ts'
import type { Credential } from '../perform/principal.ts'
import { caveatsOfProfile, type TokenScope } from './profiles.ts'

export interface WantedToken extends Pick<NewToken, 'appId' | 'machineId' | 'name'> {
  readonly organisation: Organisation
  readonly scope: TokenScope
  /** Seconds; absent for as many as the organisation says. */
  readonly lifetime: number | undefined
  /** Restrictions in addition to those of the profile. */
  readonly caveats: readonly Caveat[]
}

/** Why this credential may mint nothing, whatever its caveats allow; undefined if it may. */
export function refuseMinting(credential: Credential, { slug, tokenPolicy }: Organisation): string | undefined {
  if (credential.kind !== 'token') return undefined
  if (!tokenPolicy.tokensMayMint) {
    return `organization ${slug} does not let tokens mint: a person must log in and mint this one`
  }
  // What it minted is the successor's, and nothing would say whose the new one is.
  const { id, successorId } = credential.record
  return successorId === null
    ? undefined
    : `token ${id} is replaced and mints no more: use its successor ${successorId}`
}

/** Under whose authority a token is minted. */
export interface Minter {
  readonly inherited: Inheritance
  /** In whose name. */
  readonly creator: User | undefined
  /** The token, or the trust policy. */
  readonly mintedBy: string | null
  /** If the token is a derived one: itself, and each that it was derived from. */
  readonly derivedMinters: readonly DerivedName[]
  /** Whether what it mints needs no other approval. */
  readonly approves: boolean
}

/**
 * Mints and stores a token with at most the authority of the credential. Whether it may mint is the caller's to decide.
 * @throws DomainError `invalid` for caveats that no token carries or that forbid everything, `forbidden`, or that of a quota
 */
export async function mintUnder(context: WriteContext, actor: Credential, wanted: WantedToken): Promise<StoredToken> {
  const { organisation } = wanted
  const minter =
    actor.kind === 'user'
      ? await minterOfPerson(context, actor, organisation)
      : await minterOfToken(context, actor, organisation)
  return mintFor(context, minter, wanted)
}

/** What a person mints is approved if the organisation wants no approval, or the person could approve it. */
async function minterOfPerson(
  { tx }: WriteContext,
  actor: Credential & { readonly kind: 'user' },
  organisation: Organisation,
): Promise<Minter> {
  return {
    // Not the role: every profile restricts more.
    inherited: { caveats: [], demand: undefined },
    creator: actor.user,
    mintedBy: null,
    derivedMinters: [],
    approves: !organisation.tokenPolicy.approval || (await isAdmin(tx, actor, organisation)),
  }
}

/** What a token mints that is not approved itself is not, either. */
async function minterOfToken(
  { tx, environment: { keyring } }: WriteContext,
  actor: Credential & { readonly kind: 'token' },
  { tokenPolicy }: Organisation,
): Promise<Minter> {
  return {
    inherited: await inherit(tx, keyring, actor),
    creator: await findCreator(tx, actor),
    mintedBy: actor.record.id,
    derivedMinters: await derivedLine(tx, keyring, actor),
    approves: !tokenPolicy.approval && actor.record.isApproved,
  }
}

/** As above, under an authority that was decided on elsewhere. */
export function mintFor(
  context: WriteContext,
  { inherited, creator, mintedBy, derivedMinters, approves }: Minter,
  { organisation, scope, appId, machineId, name, lifetime, caveats: asked }: WantedToken,
): Promise<StoredToken> {
  // The requested caveats come last, so that a requested run label comes after those of the minting token.
  const validity = validityFrom(context.now, lifetime ?? lifetimeOf(organisation.tokenPolicy))
  const ofProfile = caveatsOfProfile(organisation.id, scope, validity)
  return mintWhole(context, {
    organisation,
    profile: scope.profile,
    appId,
    machineId,
    name,
    caveats: [...ofProfile, ...inherited.caveats, ...asked],
    demands: [inherited.demand],
    creator,
    mintedBy,
    derivedMinters,
    predecessorId: null,
    isApproved: approves,
  })
}

/** The window of a token that is made now, in milliseconds, for so many seconds. */
export function validityFrom(now: number, lifetime: number): { readonly notBefore: number; readonly notAfter: number } {
  const second = Math.floor(now / 1000)
  return { notBefore: second - leadSeconds, notAfter: second + lifetime }
}

export interface StoredToken {
  readonly token: Secret
  readonly record: NewToken
  /** In whose name it is. */
  readonly creator: User | undefined
}

interface WholeToken extends Pick<
  NewToken,
  'appId' | 'machineId' | 'name' | 'profile' | 'mintedBy' | 'predecessorId' | 'isApproved'
> {
  readonly organisation: Organisation
  /** All of them but a ticket, with an end. */
  readonly caveats: readonly Caveat[]
  /** What the tokens that it comes from were asked. */
  readonly demands: readonly (Demand | undefined)[]
  /** In whose name. */
  readonly creator: User | undefined
  readonly derivedMinters: Minter['derivedMinters']
}

/**
 * The token with exactly these caveats, and with a ticket if one is demanded.
 * @throws DomainError as `mintUnder`
 */
export async function mintWhole({ tx, environment, now }: WriteContext, whole: WholeToken): Promise<StoredToken> {
  const { organisation, caveats, creator } = whole
  const key = await expectSigningKey(tx.signingKeys, organisation.id)
  const createdBy = creator?.id ?? null
  const order = await orderTicket(tx, environment, organisation, whole.demands, createdBy)
  if (whole.machineId !== null) expectUseInMachine(caveats, order, organisation)
  const minted = mint(environment, key, caveats, order)
  const expiresAt = expectUse(minted, organisation, now)
  // Field by field, because V8 is slow to take the rest of an object apart.
  const record: NewToken = {
    id: minted.id,
    organisationId: organisation.id,
    appId: whole.appId,
    profile: whole.profile,
    name: whole.name,
    createdBy,
    mintedBy: whole.mintedBy,
    createdAt: now,
    expiresAt,
    revokedAt: null,
    revokedBy: null,
    successorId: null,
    machineId: whole.machineId,
    isApproved: whole.isApproved,
    caveats: minted.caveats,
    predecessorId: whole.predecessorId,
  }
  await expectWithinLimits(tx, organisation, record)
  await environment.quotas.expectRoom(tx, organisation, 'tokens', now)
  await tx.tokens.insert(record)
  await tx.tokens.noteDerivedMinters(record.id, whole.derivedMinters)
  return { token: minted.token, record, creator }
}

/** Whether the credential is a person who is an admin of the organisation. */
export async function isAdmin(
  tx: ReadTransaction,
  actor: Credential,
  { id }: Pick<Organisation, 'id'>,
): Promise<boolean> {
  return actor.kind === 'user' && (await tx.memberships.find(id, actor.user.id))?.role === 'admin'
}

/**
 * A token that would be blocked from the start is not minted, unless it waits for an approval.
 * @throws DomainError `invalid` for a lifetime, otherwise `forbidden`, which names the limit
 */
async function expectWithinLimits(tx: ReadTransaction, organisation: Organisation, record: NewToken): Promise<void> {
  const { slug, tokenPolicy } = organisation
  if (tokenPolicy === openPolicy) return
  const block = await blockIn(tx, organisation, { ...record, isApproved: true }, nowhere)
  if (block === undefined) return
  if (block.reason === 'max_token_lifetime') {
    const most = saySeconds(tokenPolicy.maxLifetime ?? 0)
    const sentence = `expiry is too long: organization ${slug} allows its tokens ${most} at most (max_token_lifetime, which its admins set)`
    throw new DomainError('invalid', sentence, { field: 'expiry' })
  }
  const why =
    block.reason === 'only_admins_mint'
      ? 'lets only admins mint tokens that are not limited to one app (only_admins_mint, which its admins set)'
      : 'lets only people mint tokens, and a token minted the one that this comes from (tokens_may_mint, which its admins set)'
  throw new DomainError('forbidden', `organization ${slug} ${why}`)
}

/** The person in whose name a credential mints; nobody for a token from before its person had proven the address. */
export async function findCreator(tx: ReadTransaction, actor: Credential): Promise<User | undefined> {
  if (actor.kind === 'user') return actor.user
  const { createdBy, createdAt } = actor.record
  const creator = createdBy === null ? undefined : await tx.users.byId(createdBy)
  return creator?.emailProvenAt != null && creator.emailProvenAt > createdAt ? undefined : creator
}

/**
 * When the token ends, in milliseconds.
 * @throws DomainError `invalid` for caveats that forbid everything: a token that is dead from the start helps nobody
 */
function expectUse({ end, isOfOrganisation }: MintedToken, { slug }: Organisation, now: number): number {
  if (end === undefined) throw new Error('a token is to be minted without an end')
  if (end <= Math.floor(now / 1000)) throw unfit('make the token end before it begins')
  if (!isOfOrganisation) throw unfit(`limit the token to another organization than ${slug}`)
  return Number(end) * 1000
}

/** @throws DomainError `failed_precondition` for a token that is good for nothing at the socket of a machine */
function expectUseInMachine(
  caveats: readonly Caveat[],
  order: TicketOrder | undefined,
  { slug, tokenPolicy }: Organisation,
): void {
  const why =
    order !== undefined
      ? `the tokens of organization ${slug} need discharges, which a machine's own token cannot bring`
      : getCaveats(caveats, 'Networks').length > 0 || tokenPolicy.networks.length > 0
        ? 'a token that is good from networks alone is good for nothing at the socket of a machine'
        : undefined
  if (why !== undefined) throw new DomainError('failed_precondition', `failed_precondition: ${why}`)
}

/** @throws DomainError `invalid` if a token cannot carry so many caveats */
function mint(
  { keyring }: Services,
  key: WrappedSigningKey,
  caveats: readonly Caveat[],
  order: TicketOrder | undefined,
): MintedToken {
  try {
    const minted = keyring.mint(key, caveats, order)
    if (minted.token.reveal().length <= maxHeaderLength) return minted
  } catch (error) {
    if (!(error instanceof MacaroonError)) throw error
    if (error.code !== 'too-many' && error.code !== 'too-long') throw error
  }
  throw unfit('are too many for one token, together with those of the profile and of the minting token')
}

function unfit(predicate: string): DomainError {
  return new DomainError('invalid', `the caveats ${predicate}`, { field: 'caveats' })
}
