// The store's contract: wrapped signing keys.
import type { WrappedSigningKey } from '../key.ts'

export interface SigningKeyReads {
  byKid(kid: Uint8Array): Promise<WrappedSigningKey | undefined>
  /** The newest key of the organisation: the one to mint with. */
  newest(organisationId: number): Promise<WrappedSigningKey | undefined>
}

/** The key to mint and seal with: every organisation gets one when it is created. */
export async function expectSigningKey(keys: SigningKeyReads, organisationId: number): Promise<WrappedSigningKey> {
  const key = await keys.newest(organisationId)
  if (key === undefined) throw new Error(`organization ${organisationId} has no signing key`)
  return key
}

export interface SigningKeyWrites extends SigningKeyReads {
  insert(key: WrappedSigningKey): Promise<void>
}
