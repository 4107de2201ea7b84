// A command line that asks to be logged in by a person at a browser.
import { createHash } from 'node:crypto'

import { Secret } from './secret.ts'

export interface CliLogin {
  /** Row id. */
  readonly id: number
  /** SHA-256 of the id that the command line and the browser know it by. */
  readonly idHash: Uint8Array
  /** What asks, as it calls itself. */
  readonly name: string
  /** The address that asks. */
  readonly requestedFrom: string
  /** SHA-256 of the verifier (RFC 7636), in base64url; null where the id alone is exchanged for the auth token. */
  readonly codeChallenge: string | null
  readonly state: string
  readonly redirectPort: number | null
  readonly createdAt: number
  readonly expiresAt: number
  readonly approval: CliLoginApproval | null
}

export interface CliLoginApproval {
  readonly userId: number
  /** Null where there is no code to be shown. */
  readonly codeHash: Uint8Array | null
}

export const cliLoginLifetime = 10 * 60_000

/** A new id: 256 random bits, because it may be all that stands between a stranger and the auth token. */
export function createCliLoginId(randomBytes: (length: number) => Uint8Array): Secret {
  return new Secret(Buffer.from(randomBytes(32)).toString('base64url'))
}

/** What is stored of an id. */
export function hashCliLoginId(id: string): Uint8Array {
  return createHash('sha256').update(id).digest()
}

/** RFC 7636 §4.2, S256. */
export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}
