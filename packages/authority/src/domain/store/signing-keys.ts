// The store's contract: wrapped signing keys.
import type { WrappedSigningKey } from '../key.ts'

export interface SigningKeyReads {
  byKid(kid: Uint8Array): Promise<WrappedSigningKey | undefined>
  /** The newest key of the organisation: the one to mint with. */
  newest(organisationId: number): Promise<WrappedSigningKey | undefined>
}

export interface SigningKeyWrites extends SigningKeyReads {
  insert(key: WrappedSigningKey): Promise<void>
}
