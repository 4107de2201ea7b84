// Signing keys as the store has them: wrapped, each of one organisation.

export interface WrappedSigningKey {
  /** The key id in a token's nonce: 16 random bytes. */
  readonly kid: Uint8Array
  readonly organisationId: number
  /** The key sealed under the root key, bound to `kid` and `organisationId`. */
  readonly wrapped: Uint8Array
  readonly createdAt: number
}

/** The id of a key as text, to find things by. */
export function textOfKid(kid: Uint8Array): string {
  return Buffer.from(kid).toString('latin1')
}

/** The length of a key id, in bytes. */
export const kidLength = 16

/** The id of the key that sealed a secret of an app: the first bytes of the sealed value. */
export function kidOfSecret(sealed: Uint8Array): Uint8Array {
  return sealed.subarray(0, kidLength)
}
