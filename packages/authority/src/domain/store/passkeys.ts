// The store's contract: passkeys of people.
import type { Passkey } from '../passkey.ts'

export interface PasskeyReads {
  byCredentialId(credentialId: Uint8Array): Promise<Passkey | undefined>
  /** Oldest first. */
  ofUser(userId: number): Promise<readonly Passkey[]>
}

export interface PasskeyWrites extends PasskeyReads {
  insert(passkey: Omit<Passkey, 'id'>): Promise<Passkey>
  /** Records that it was used. */
  use(id: number, signCount: number, at: number): Promise<void>
  delete(id: number): Promise<void>
  deleteOfUser(userId: number): Promise<void>
}
