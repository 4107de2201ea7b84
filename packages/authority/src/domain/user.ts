// People: accounts, sessions, passwords and codes.
import { hash } from 'node:crypto'

import { Secret } from './secret.ts'

export interface User {
  readonly id: number
  /** Lower case; unique. */
  readonly email: string
  readonly createdAt: number
  /** When the owner proved the address; null until then. Without proof, the account may be a stranger's. */
  readonly emailProvenAt: number | null
}

/** How the address was proven: by a mail that only its owner reads, by an OpenID provider, or by the operator. */
export type AddressProof = 'mail' | 'provider' | 'operator'

/** An account, as the operator sees it. */
export interface ListedUser extends User {
  readonly emailProvenBy: AddressProof | null
  readonly hasPassword: boolean
}

/** A code for setting a new password without the old one. It proves the address. */
export interface PasswordReset {
  readonly userId: number
  readonly codeHash: Uint8Array
  readonly madeBy: 'mail' | 'operator'
  readonly createdAt: number
  readonly expiresAt: number
}

export interface UserWithPassword extends User {
  /** argon2id in PHC string format; null if the person logs in by other means only. */
  readonly passwordHash: string | null
}

export interface Session {
  readonly id: number
  readonly userId: number
  readonly kind: SessionKind
  /** The browser or machine that opened it, by the name it gave itself: one line of at most 80 characters. */
  readonly label: string
  readonly createdAt: number
  readonly expiresAt: number
  /** When the person proved their identity with this session; 0 if another session let it in. */
  readonly provenAt: number
}

/** The auth token is carried by a command line, or by a browser as a cookie. */
export type SessionKind = 'cli' | 'web'

/** Where a session is opened from. */
export type SessionOrigin = Pick<Session, 'kind' | 'label'>

/** The code for the first account of an empty database. There is at most one. */
export interface SetupCode {
  readonly codeHash: Uint8Array
  readonly createdAt: number
  readonly expiresAt: number
}

const hour = 3_600_000
const day = 24 * hour

export const setupCodeLifetime = hour
export const invitationLifetime = 7 * day
export const sessionLifetime = 30 * day
/** How long a reset link is valid, by who sends it. A mail arrives at once; a link from the operator is opened later. */
export const resetLifetimes = { mail: hour, operator: day } as const
/** How long a login counts as a fresh proof. Changes that outlast the session need a fresh proof. */
export const proofLifetime = 10 * 60_000

const authTokenPrefix = 'fo1_'
const authTokenPattern = /^fo1_[A-Za-z0-9_-]{43}$/

/** The address for people to read, marked if it is unproven. */
export function describeUser({ email, emailProvenAt }: Pick<User, 'email' | 'emailProvenAt'>): string {
  return emailProvenAt === null ? `${email} (unproven)` : email
}

/** A new auth token: `fo1_` and 256 random bits. */
export function createAuthToken(randomBytes: (length: number) => Uint8Array): Secret {
  return new Secret(authTokenPrefix + Buffer.from(randomBytes(32)).toString('base64url'))
}

/** The stored hash of an auth token, in hexadecimal; undefined if the text cannot be one. 256 random bits need no salt. */
export function hashAuthToken(token: string): string | undefined {
  return authTokenPattern.test(token) ? hash('sha256', token, 'hex') : undefined
}

/** A new one-time code for setup, invitation or login: 160 random bits, in groups that can be read aloud. */
export function createCode(randomBytes: (length: number) => Uint8Array): Secret {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'
  const letters: string[] = []
  while (letters.length < 32) {
    for (const byte of randomBytes(32)) {
      // 248 = 8 * 31: bytes past it would favour the first letters.
      if (byte < 248) letters.push(alphabet.charAt(byte % alphabet.length))
    }
  }
  const text = letters.slice(0, 32).join('')
  return new Secret((text.match(/.{8}/g) ?? []).join('-'))
}

/** The stored hash of a one-time code. */
export function hashCode(code: string): Uint8Array {
  return hash('sha256', code.trim().toLowerCase(), 'buffer')
}
