// Signing keys as the store knows them: wrapped, of one organisation each.

export interface WrappedSigningKey {
  /** What the nonce of a token names: 16 random bytes. */
  readonly kid: Uint8Array
  readonly organisationId: number
  /** The key sealed under the root key, bound to `kid` and `organisationId`. */
  readonly wrapped: Uint8Array
  readonly createdAt: number
}
