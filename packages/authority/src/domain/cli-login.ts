// Logins of command lines, which a person approves in a browser.
import { hash } from 'node:crypto'

import { Secret } from './secret.ts'

export interface CliLogin {
  /** Row id. */
  readonly id: number
  /** SHA-256 of the id that the command line and the browser use. */
  readonly idHash: Uint8Array
  /** The name that the client gives itself. */
  readonly name: string
  /** The address of the client. */
  readonly requestedFrom: string
  /** SHA-256 of the verifier (RFC 7636), in base64url; null if the id alone is exchanged for the auth token. */
  readonly codeChallenge: string | null
  readonly state: string
  readonly redirectPort: number | null
  readonly createdAt: number
  readonly expiresAt: number
  readonly approval: CliLoginApproval | null
}

export interface CliLoginApproval {
  readonly userId: number
  /** Null if no code is shown. */
  readonly codeHash: Uint8Array | null
}

export const cliLoginLifetime = 10 * 60_000

/** A new id: 256 random bits, because it may be the only secret that protects the auth token. */
export function createCliLoginId(randomBytes: (length: number) => Uint8Array): Secret {
  return new Secret(Buffer.from(randomBytes(32)).toString('base64url'))
}

/** The stored form of an id. */
export function hashCliLoginId(id: string): Uint8Array {
  return hash('sha256', id, 'buffer')
}

/** RFC 7636 §4.2, S256. */
export function challengeOf(verifier: string): string {
  return hash('sha256', verifier, 'base64url')
}
