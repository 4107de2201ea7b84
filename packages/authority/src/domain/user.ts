// People: how they sign up, and the auth tokens that they carry after login.
import { createHash } from 'node:crypto'

import { Secret } from './secret.ts'

export interface User {
  readonly id: number
  /** Lower case; unique. */
  readonly email: string
  readonly createdAt: number
  /**
   * When its owner first showed that the address is theirs; null until then. Before, whoever signed up with it may be
   * anybody.
   */
  readonly emailProvenAt: number | null
}

/** How: by a mail that only its owner reads, on the word of an OpenID provider, or of whoever runs the authority. */
export type AddressProof = 'mail' | 'provider' | 'operator'

/** An account as whoever runs the authority sees it. */
export interface ListedUser extends User {
  readonly emailProvenBy: AddressProof | null
  readonly hasPassword: boolean
}

/** A code with which somebody sets a new password without the old one, and which proves the address. */
export interface PasswordReset {
  readonly userId: number
  readonly codeHash: Uint8Array
  readonly madeBy: 'mail' | 'operator'
  readonly createdAt: number
  readonly expiresAt: number
}

export interface UserWithPassword extends User {
  /** argon2id in PHC string format; null for a person who logs in by other means alone. */
  readonly passwordHash: string | null
}

export interface Session {
  readonly id: number
  readonly userId: number
  readonly kind: SessionKind
  /** Which browser or machine it was opened from, as that called itself: a line of at most 80 characters. */
  readonly label: string
  readonly createdAt: number
  readonly expiresAt: number
  /** When its person proved with it who they are; 0 where they let it in from another session. */
  readonly provenAt: number
}

/** Whether a command line carries the auth token, or a browser as a cookie. */
export type SessionKind = 'cli' | 'web'

/** Where a session is opened from. */
export type SessionOrigin = Pick<Session, 'kind' | 'label'>

/** The code that makes the first account of an empty database; one at a time. */
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
/** By who made it: a mail arrives at once, and who is handed a link opens it when they see it. */
export const resetLifetimes = { mail: hour, operator: day } as const
/** For how long a proof of who somebody is stays fresh: what lasts longer than their session takes one. */
export const proofLifetime = 10 * 60_000

const authTokenPrefix = 'fo1_'
const authTokenPattern = /^fo1_[A-Za-z0-9_-]{43}$/

/** The address as it stands for a person, with a word where nobody has proven that it is theirs. */
export function describeUser({ email, emailProvenAt }: Pick<User, 'email' | 'emailProvenAt'>): string {
  return emailProvenAt === null ? `${email} (unproven)` : email
}

/** A new auth token: `fo1_` and 256 random bits. */
export function createAuthToken(randomBytes: (length: number) => Uint8Array): Secret {
  return new Secret(authTokenPrefix + Buffer.from(randomBytes(32)).toString('base64url'))
}

/** What is stored of an auth token; undefined where the text cannot be one of ours. 256 random bits need no salt. */
export function hashAuthToken(token: string): Uint8Array | undefined {
  return authTokenPattern.test(token) ? sha256(token) : undefined
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

/** What is stored of a one-time code. */
export function hashCode(code: string): Uint8Array {
  return sha256(code.trim().toLowerCase())
}

function sha256(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}
