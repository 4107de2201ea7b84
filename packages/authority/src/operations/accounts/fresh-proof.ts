// What a session may do only while it is fresh that its person proved who they are: whatever would outlast the session.
import { DomainError } from '../../domain/errors.ts'
import { proofLifetime } from '../../domain/user.ts'
import type { Credential } from '../perform/principal.ts'

/**
 * Passes where the person has logged in with a password, a passkey or the provider within ten minutes. Whoever has found
 * a session has not: it must leave nothing behind that goes on when the session has ended. `now` in milliseconds.
 * @throws DomainError `proof_needed`
 */
export function requireFreshProof({ provenAt }: Credential & { readonly kind: 'user' }, now: number): void {
  // Clocks of two authorities differ; and one that was set back makes nothing fresh that lies far ahead.
  if (Math.abs(now - provenAt) <= proofLifetime) return
  throw new DomainError('proof_needed', 'this takes a proof that it is you, not older than ten minutes: log in again')
}
