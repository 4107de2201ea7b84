// token.revoke_derived: from the commit on, a token that a holder narrowed is dead, with every token derived from it, and all that
// these minted. The token that it comes from lives on, as do the others that were derived from that one.
import { actions, derivedTokenId, type Macaroon } from '@hallpass/macaroon'

import { countCaveats, countEncoded, formatDerived, parseDerived } from '../../domain/derived-token.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Keyring } from '../../domain/keyring.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import type { DescendantsRevoked, RevokedDerived } from '../../domain/token.ts'
import { derivedName } from '../perform/derived.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { describeCredential, type Credential } from '../perform/principal.ts'
import { finishRevocations } from './finish-revocations.ts'
import { accessToken, type FoundToken } from './find-token.ts'
import type { GivenDerived } from './read-derived.ts'
import { sayDescendants } from './revoke-token.ts'

interface Subject extends Pick<FoundToken, 'record' | 'organisation'> {
  /** The digests that the chain of the given token passes through; undefined if it is not genuine, or only its name was given. */
  readonly line: readonly Uint8Array[] | undefined
}

export interface RevokedDerivedToken extends RevokedDerived, Pick<FoundToken, 'organisation'> {
  /** Whether it was live until now. */
  readonly wasLive: boolean
  readonly descendants: DescendantsRevoked
}

export const revokeDerivedToken: WriteOperation<GivenDerived, Subject, RevokedDerivedToken> = {
  name: 'token.revoke_derived',
  mode: 'write',
  isUrgent: true,

  /** As revoking the token that it comes from. The derived token itself may, too, and each that it was derived from. */
  async access(context, { name, macaroon }) {
    const request = await accessToken(context, name.tokenId, actions.write)
    const line = macaroon && (await findLine(context.tx, context.environment.keyring, macaroon))
    const { requirement, subject } = request
    if (requirement.kind !== 'access') return { ...request, subject: { ...subject, line } }
    const digests = [name.digest, ...(line ?? [])]
    const exempt = (credential: Credential) =>
      requirement.exempt?.(credential) === true || isAmong(credential, name.tokenId, digests)
    return { ...request, subject: { ...subject, line }, requirement: { ...requirement, exempt } }
  },

  async run({ tx, now }, { input: { name, macaroon }, subject: { record, organisation, line }, actor }) {
    if (macaroon !== undefined) {
      if (line === undefined) throw unfit('is not genuine: its end does not follow from its beginning')
      const minted = record.caveats === null ? undefined : countEncoded(record.caveats.subarray(0, 3))
      if (minted !== undefined && countCaveats(macaroon) <= minted) {
        throw unfit(`is token ${record.id} as it was minted: revoke it by that id`)
      }
    }
    const most = isDerivedFrom(actor, record.id) ? mostByHolders : undefined
    const { wasLive, ...descendants } = await tx.tokens.revokeDerived(name, now, describeCredential(actor), most)
    const revoked = await tx.tokens.revokedAmong(record.id, [name.digest])
    if (revoked === undefined) throw new Error('a derived token was revoked and is not')
    return { ...revoked, organisation, wasLive, descendants }
  },

  auditDetails({ name, organisation, wasLive, descendants }) {
    if (!wasLive) return undefined
    const reason = [formatDerived(name), sayDescendants(descendants)].filter((part) => part !== '').join(', ')
    return { target: `token ${name.tokenId}`, organisationId: organisation.id, reason }
  },

  afterCommit: finishRevocations,
}

/**
 * Whoever holds a derived token makes as many more as they like, and may revoke them. What is left is for those who may revoke the token that
 * all come from.
 */
const mostByHolders = 900

function isDerivedFrom(credential: Credential, id: string): boolean {
  return credential.kind === 'token' && credential.record.id === id && derivedName(credential) !== undefined
}

/** Undefined if it is not genuine. */
async function findLine(
  tx: ReadTransaction,
  keyring: Keyring,
  macaroon: Macaroon,
): Promise<readonly Uint8Array[] | undefined> {
  const key = await tx.signingKeys.byKid(macaroon.nonce.kid)
  if (key === undefined) return undefined
  try {
    return keyring.tailDigests(key, macaroon, 0)
  } catch (error) {
    if (error instanceof DomainError && error.code === 'unauthenticated') return undefined
    throw error
  }
}

/** Whether the credential is a token with this id, as one of these digests says that it is narrowed. */
function isAmong(credential: Credential, id: string, digests: readonly Uint8Array[]): boolean {
  if (credential.kind !== 'token' || credential.record.id !== id) return false
  const own = parseDerived(derivedTokenId(credential.verified.macaroon))?.digest
  return own !== undefined && digests.some((digest) => Buffer.compare(digest, own) === 0)
}

function unfit(predicate: string): DomainError {
  return new DomainError('invalid', `derived ${predicate}`, { field: 'derived' })
}
