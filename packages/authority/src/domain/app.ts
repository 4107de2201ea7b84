// Apps: one global namespace of names; each app belongs to one organisation.

export interface App {
  /** The id in `Apps` caveats. Never reused, not even after deletion. */
  readonly id: number
  /** 16 characters of a-z and 0-9, for clients that want an opaque id. */
  readonly publicId: string
  readonly name: string
  readonly organisationId: number
  readonly network: string
  readonly idempotencyKey: string | null
  readonly createdAt: number
}

/** The network of an app that names none. */
export const defaultNetwork = 'default'

const idAlphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'

export function createPublicId(randomBytes: (length: number) => Uint8Array): string {
  let id = ''
  while (id.length < 16) {
    // 252 = 7 * 36: bytes past it would favour the first letters.
    for (const byte of randomBytes(24)) if (byte < 252 && id.length < 16) id += idAlphabet.charAt(byte % 36)
  }
  return id
}
