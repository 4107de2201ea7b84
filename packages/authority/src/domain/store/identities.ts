// The store's contract: who a person is at an OpenID provider.
import type { Identity } from '../identity.ts'

export interface IdentityReads {
  find(issuer: string, subject: string): Promise<Identity | undefined>
  /** Whether the user has an identity at this issuer. */
  exists(userId: number, issuer: string): Promise<boolean>
}

export interface IdentityWrites extends IdentityReads {
  insert(identity: Identity): Promise<void>
  deleteOfUser(userId: number): Promise<void>
}
