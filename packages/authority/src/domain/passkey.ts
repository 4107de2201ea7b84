// Passkeys (WebAuthn Level 3): key pairs of people, whose private half stays in an authenticator.
import { createHash } from 'node:crypto'
import { isIP } from 'node:net'

import type { User } from './user.ts'

export interface Passkey {
  readonly id: number
  readonly userId: number
  /** What the authenticator calls it. */
  readonly credentialId: Uint8Array
  /** COSE_Key (RFC 9052 §7). */
  readonly publicKey: Uint8Array
  /** How often the authenticator says that it was used; 0 where it does not count. */
  readonly signCount: number
  /** How a browser reaches the authenticator: hints, as `internal` or `usb`. */
  readonly transports: readonly string[]
  /** What its owner calls it. */
  readonly name: string
  readonly createdAt: number
  readonly lastUsedAt: number | null
}

/** A challenge that was handed out and not answered yet. */
export interface PasskeyChallenge {
  /** What the answer names it by: 16 random bytes. */
  readonly handle: Uint8Array
  /** SHA-256 of the challenge as text. */
  readonly challengeHash: Uint8Array
  /** Who adds a passkey; null for a login, whose person is not known yet. */
  readonly userId: number | null
  readonly expiresAt: number
}

/** Whom passkeys are for: a page of the origin may ask for those of the id, and of no other. */
export interface RelyingParty {
  readonly id: string
  readonly origin: string
}

/** What an authenticator answers to a request to make a passkey; all base64url. */
export interface PasskeyCreation {
  readonly id: string
  readonly clientDataJson: string
  readonly attestationObject: string
  readonly transports: readonly string[]
}

/** What an authenticator answers to a request to use one; all base64url. */
export interface PasskeyAssertion {
  readonly id: string
  readonly clientDataJson: string
  readonly authenticatorData: string
  readonly signature: string
  readonly userHandle: string | undefined
}

export interface PasskeyVerifier {
  /** Refused where the answer is not good for this relying party; which challenge it answers is for the caller. */
  verifyCreation(answer: PasskeyCreation, party: RelyingParty): Promise<VerifiedCreation | PasskeyRefused>
  /** The same, and where the passkey did not sign it, or its count did not advance. */
  verifyAssertion(
    answer: PasskeyAssertion,
    party: RelyingParty,
    passkey: Passkey,
  ): Promise<VerifiedAssertion | PasskeyRefused>
}

/** Why an answer is not good: for the log, for it repeats what was sent. */
export interface PasskeyRefused {
  readonly refused: Error
}

export interface VerifiedAssertion {
  readonly challenge: string
  readonly signCount: number
}

export interface VerifiedCreation extends VerifiedAssertion {
  readonly credentialId: Uint8Array
  readonly publicKey: Uint8Array
}

export const challengeLifetime = 300_000
export const mostPasskeys = 20
/** Of all that were handed out and not answered, the youngest; strangers can ask for them. */
export const mostChallenges = 10_000

/** COSE algorithms (RFC 9053): EdDSA, ES256, RS256. */
export const passkeyAlgorithms: readonly number[] = [-8, -7, -257]

/**
 * The relying party at this public URL. Undefined where browsers offer no passkeys: at an address instead of a name
 * (WebAuthn §5.1.2: an effective domain), and without TLS but on this machine itself.
 */
export function relyingPartyOf(publicUrl: string): RelyingParty | undefined {
  const url = URL.parse(publicUrl)
  if (url === null) return undefined
  const { hostname, origin, protocol } = url
  if (hostname.startsWith('[') || isIP(hostname) > 0) return undefined
  const isLocal = hostname === 'localhost' || hostname.endsWith('.localhost')
  return protocol === 'https:' || isLocal ? { id: hostname, origin } : undefined
}

/** What authenticators know the user by: the same for all passkeys, and telling nothing of the person. */
export function userHandleOf({ id, createdAt }: User): Uint8Array {
  return sha256(`hallpass user ${id} ${createdAt}`)
}

/** What is stored of a challenge. */
export function hashChallenge(challenge: string): Uint8Array {
  return sha256(challenge)
}

/** Whether a count is one that the same authenticator would give next (WebAuthn §6.1.1). */
export function advances(stored: number, seen: number): boolean {
  return seen > stored || (stored === 0 && seen === 0)
}

function sha256(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}
