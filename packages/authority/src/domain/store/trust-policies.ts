// The store's contract: trust policies, and the identity tokens that were exchanged under them.
import type { IdentityToken, ListedTrustPolicy, TrustPolicy } from '../trust-policy.ts'

export interface TrustPolicyReads {
  /** All of the organisation, the oldest first. */
  ofOrganisation(organisationId: number): Promise<readonly ListedTrustPolicy[]>
  /** Those of the organisation that trust this issuer, the oldest first. */
  ofIssuer(organisationId: number, issuer: string): Promise<readonly TrustPolicy[]>
}

/** Policies go with their organisation, and with their app. */
export interface TrustPolicyWrites extends TrustPolicyReads {
  insert(policy: TrustPolicy): Promise<void>
  delete(id: string): Promise<void>
  /**
   * Notes that an identity token is exchanged, and forgets some of those that have ended. Returns false if this one was
   * exchanged before.
   */
  noteExchange(token: Pick<IdentityToken, 'hash' | 'endsAt'>, now: number): Promise<boolean>
}
