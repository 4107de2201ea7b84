// Derived tokens, which their holders narrowed: which of a request are revoked, what they mint, and how they are named.
import { derivedTokenId, type VerifiedMacaroon } from '@hallpass/macaroon'

import { countCaveats, type DerivedName } from '../../domain/derived-token.ts'
import type { Keyring } from '../../domain/keyring.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import type { SignedRecord } from '../../domain/token.ts'

/** A token that is known, and genuine as it came. */
interface Known {
  readonly record: SignedRecord
  readonly verified: VerifiedMacaroon
}

/** The name of the token if a holder narrowed it, or if nobody knows any more; undefined for one as it was minted. */
export function derivedName({ record, verified: { macaroon } }: Known): string | undefined {
  return countCaveats(macaroon) > mintedCaveats(record) ? derivedTokenId(macaroon) : undefined
}

/**
 * A revoked token that this one is, or was derived from; undefined if there is none. Nothing is asked or computed if nothing that was
 * derived from its token is revoked.
 */
export async function findRevokedDerived(tx: ReadTransaction, keyring: Keyring, known: Known) {
  if (known.record.revokedDerived === 0) return undefined
  // From the token as it was minted on: if somebody names that, nothing derived from it may live.
  return tx.tokens.revokedAmong(known.record.id, await digestsFrom(tx, keyring, known, mintedCaveats(known.record)))
}

/** The names of a derived token and of all that it was derived from in turn; none for a token as it was minted. */
export async function derivedLine(
  tx: ReadTransaction,
  keyring: Keyring,
  known: Known,
): Promise<readonly DerivedName[]> {
  if (derivedName(known) === undefined) return []
  const digests = await digestsFrom(tx, keyring, known, mintedCaveats(known.record) + 1)
  return digests.map((digest) => ({ tokenId: known.record.id, digest }))
}

async function digestsFrom(
  tx: ReadTransaction,
  keyring: Keyring,
  { verified: { macaroon } }: Known,
  from: number,
): Promise<readonly Uint8Array[]> {
  const key = await tx.signingKeys.byKid(macaroon.nonce.kid)
  if (key === undefined) throw new Error('the key of a token that is known is gone')
  return keyring.tailDigests(key, macaroon, from)
}

/** Tokens from before their caveats were stored may have been minted with any number. */
function mintedCaveats({ mintedCaveats: count }: SignedRecord): number {
  return count ?? 0
}
