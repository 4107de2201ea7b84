// The fresh proof: whatever would outlast a session needs a login within the last ten minutes.
import { DomainError } from '../../domain/errors.ts'
import { proofLifetime } from '../../domain/user.ts'
import type { Credential } from '../perform/principal.ts'

/**
 * Passes if the person has logged in with a password, a passkey or the provider within ten minutes. A thief of a
 * session has not, and so cannot leave anything behind that outlasts it. `now` in milliseconds.
 * @throws DomainError `proof_needed`
 */
export function requireFreshProof({ provenAt }: Credential & { readonly kind: 'user' }, now: number): void {
  // Clocks of two authorities differ. A proof far in the future, from before a clock was set back, is not fresh.
  if (Math.abs(now - provenAt) <= proofLifetime) return
  throw new DomainError('proof_needed', 'this needs a proof that it is you, not older than ten minutes: log in again')
}
