// Who asks with the credential of a verifier.
import { DomainError } from '../../domain/errors.ts'
import type { Secret } from '../../domain/secret.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { hashVerifierSecret, type Verifier } from '../../domain/verifier.ts'

export interface IdentifiedVerifier {
  readonly verifier: Verifier
  /** SHA-256 of the credential. */
  readonly hash: Uint8Array
}

/**
 * The verifier whose credential this is.
 * @throws DomainError `unauthenticated`
 */
export async function identifyVerifier(tx: ReadTransaction, secret: Secret): Promise<IdentifiedVerifier> {
  const hash = hashVerifierSecret(secret.reveal())
  const verifier = hash && (await tx.verifiers.bySecretHash(hash))
  if (hash !== undefined && verifier !== undefined) return { verifier, hash }
  throw new DomainError('unauthenticated', 'this is no credential of a verifier, or it was revoked')
}
