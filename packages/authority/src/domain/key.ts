// Signing keys as the store has them: wrapped, each of one organisation.

export interface WrappedSigningKey {
  /** The key id in a token's nonce: 16 random bytes. */
  readonly kid: Uint8Array
  readonly organisationId: number
  /** The key sealed under the root key, bound to `kid` and `organisationId`. */
  readonly wrapped: Uint8Array
  readonly createdAt: number
}
