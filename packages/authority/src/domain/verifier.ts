// Verifiers: services that follow the feed. Their credentials can do nothing else.
import { hash } from 'node:crypto'

import { Secret } from './secret.ts'

export interface Verifier {
  readonly id: number
  readonly name: string
  readonly createdAt: number
}

export interface NewVerifier extends Omit<Verifier, 'id'> {
  readonly secretHash: Uint8Array
}

/** How many an installation may have. */
export const mostVerifiers = 1000

const prefix = 'fv1_'
const pattern = /^fv1_[A-Za-z0-9_-]{43}$/

/** A new credential: `fv1_` and 256 random bits. */
export function createVerifierSecret(randomBytes: (length: number) => Uint8Array): Secret {
  return new Secret(prefix + Buffer.from(randomBytes(32)).toString('base64url'))
}

/** The stored hash of a credential; undefined if the text cannot be one. 256 random bits need no salt. */
export function hashVerifierSecret(secret: string): Uint8Array | undefined {
  return pattern.test(secret) ? hash('sha256', secret, 'buffer') : undefined
}
