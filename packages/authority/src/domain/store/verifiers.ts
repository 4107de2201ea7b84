// The store's contract: verifiers.
import type { NewVerifier, Verifier } from '../verifier.ts'

export interface VerifierReads {
  bySecretHash(hash: Uint8Array): Promise<Verifier | undefined>
  /** All of them, the oldest first. */
  list(): Promise<readonly Verifier[]>
}

export interface VerifierWrites extends VerifierReads {
  /** @throws DomainError `conflict` if another has this name */
  insert(verifier: NewVerifier): Promise<Verifier>
  delete(id: number): Promise<void>
}
