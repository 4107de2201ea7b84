// Mints under a credential: what the new token carries of it, and what is stored of the token.
import { MacaroonError, expiration, getCaveats, organizationScope, type Caveat } from '@hallpass/macaroon'
import { maxHeaderLength } from '@hallpass/macaroon/internal'

import { DomainError } from '../../domain/errors.ts'
import type { WrappedSigningKey } from '../../domain/key.ts'
import type { MintedToken, TicketOrder } from '../../domain/keyring.ts'
import type { Organisation } from '../../domain/organisation.ts'
import type { Secret } from '../../domain/secret.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { expectSigningKey } from '../../domain/store/signing-keys.ts'
import { leadSeconds, type NewToken, type TokenRecord } from '../../domain/token.ts'
import type { User } from '../../domain/user.ts'
import { inherit, orderTicket, type Inheritance } from '../discharges/membership-demand.ts'
import type { Services, WriteContext } from '../perform/operation.ts'
import type { Credential } from '../perform/principal.ts'
import { caveatsOfProfile, type TokenScope } from './profiles.ts'

export interface WantedToken extends Pick<NewToken, 'appId' | 'machineId' | 'name'> {
  readonly organisation: Organisation
  readonly scope: TokenScope
  /** Seconds. */
  readonly lifetime: number
  /** Restrictions in addition to those of the profile. */
  readonly caveats: readonly Caveat[]
}

/** Why this credential may mint nothing, whatever its caveats allow; undefined if it may. */
export function refuseMinting(
  { kind }: Pick<Credential, 'kind'>,
  { slug, tokenMinting }: Organisation,
): string | undefined {
  if (kind !== 'token' || tokenMinting !== 'forbidden') return undefined
  return `organization ${slug} does not let tokens mint: a person must log in and mint this one`
}

/** Under whose authority a token is minted. */
export interface Minter {
  readonly inherited: Inheritance
  /** In whose name. */
  readonly creator: User | undefined
  /** The token, or the trust policy. */
  readonly mintedBy: string | null
}

/**
 * Mints and stores a token with at most the authority of the credential. Whether it may mint is the caller's to decide.
 * @throws DomainError `invalid` for caveats that no token carries or that forbid everything, `forbidden`, or that of a quota
 */
export async function mintUnder(
  context: WriteContext,
  actor: Credential,
  wanted: WantedToken,
): Promise<{ readonly token: Secret; readonly record: NewToken; readonly creator: User | undefined }> {
  const { tx, environment } = context
  const inherited = await inherit(tx, environment.keyring, actor)
  const creator = actor.kind === 'user' ? actor.user : await findCreator(tx, actor.record)
  const mintedBy = actor.kind === 'token' ? actor.record.id : null
  return { ...(await mintFor(context, { inherited, creator, mintedBy }, wanted)), creator }
}

/** As above, under an authority that was decided on elsewhere. */
export async function mintFor(
  { tx, environment, now }: WriteContext,
  { inherited, creator, mintedBy }: Minter,
  { organisation, scope, appId, machineId, name, lifetime, caveats: asked }: WantedToken,
): Promise<{ readonly token: Secret; readonly record: NewToken }> {
  const key = await expectSigningKey(tx.signingKeys, organisation.id)
  const second = Math.floor(now / 1000)
  const validity = { notBefore: second - leadSeconds, notAfter: second + lifetime }
  // The requested caveats come last, so that a requested run label comes after those of the minting token.
  const caveats = [...caveatsOfProfile(organisation.id, scope, validity), ...inherited.caveats, ...asked]
  const end = expiration(caveats)
  expectUse(caveats, end, organisation, second)
  const createdBy = creator?.id ?? null
  const order = await orderTicket(tx, environment, organisation, inherited.demand, createdBy)
  if (order !== undefined && machineId !== null) {
    const why = `the tokens of organization ${organisation.slug} need discharges, which a machine's own token cannot bring`
    throw new DomainError('failed_precondition', `failed_precondition: ${why}`)
  }
  if (machineId !== null && getCaveats(caveats, 'Networks').length > 0) {
    const why = 'a token that is good from networks alone is good for nothing at the socket of a machine'
    throw new DomainError('failed_precondition', `failed_precondition: ${why}`)
  }
  const minted = mint(environment, key, caveats, order)
  const record: NewToken = {
    id: minted.id,
    organisationId: organisation.id,
    appId,
    profile: scope.profile,
    name,
    createdBy,
    mintedBy,
    createdAt: now,
    expiresAt: Number(end ?? second + lifetime) * 1000,
    revokedAt: null,
    revokedBy: null,
    caveats: minted.caveats,
    machineId,
  }
  await environment.quotas.expectRoom(tx, organisation, 'tokens', now)
  await tx.tokens.insert(record)
  return { token: minted.token, record }
}

/** The person in whose name a token mints; nobody if it was made before its person had proven the address. */
async function findCreator(tx: ReadTransaction, { createdBy, createdAt }: TokenRecord): Promise<User | undefined> {
  const creator = createdBy === null ? undefined : await tx.users.byId(createdBy)
  return creator?.emailProvenAt != null && creator.emailProvenAt > createdAt ? undefined : creator
}

/**
 * @throws DomainError `invalid` for caveats that forbid everything: a token that is dead from the start helps nobody
 */
function expectUse(
  caveats: readonly Caveat[],
  end: bigint | undefined,
  { id, slug }: Organisation,
  second: number,
): void {
  if (end !== undefined && end <= second) throw unfit('make the token end before it begins')
  try {
    if (organizationScope(caveats) === BigInt(id)) return
  } catch (error) {
    if (!(error instanceof MacaroonError)) throw error
  }
  throw unfit(`limit the token to another organization than ${slug}`)
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
