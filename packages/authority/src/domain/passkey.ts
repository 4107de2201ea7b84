// Passkeys (WebAuthn Level 3): key pairs of people; the private key stays in an authenticator.
import { hash } from 'node:crypto'
import { isIP } from 'node:net'

import type { User } from './user.ts'

export interface Passkey {
  readonly id: number
  readonly userId: number
  /** The authenticator's id for it. */
  readonly credentialId: Uint8Array
  /** COSE_Key (RFC 9052 §7). */
  readonly publicKey: Uint8Array
  /** The authenticator's signature count; 0 if it does not count. */
  readonly signCount: number
  /** How a browser reaches the authenticator: hints, for example `internal` or `usb`. */
  readonly transports: readonly string[]
  /** The name that its owner gave it. */
  readonly name: string
  readonly createdAt: number
  readonly lastUsedAt: number | null
}

/** A challenge that was issued and not answered yet. */
export interface PasskeyChallenge {
  /** The id that the answer sends back: 16 random bytes. */
  readonly handle: Uint8Array
  /** SHA-256 of the challenge as text. */
  readonly challengeHash: Uint8Array
  /** The person who adds a passkey; null for a login, because the person is not known yet. */
  readonly userId: number | null
  readonly expiresAt: number
}

/** A relying party: a page of the origin may use passkeys with this id and no others. */
export interface RelyingParty {
  readonly id: string
  readonly origin: string
}

/** An authenticator's answer to a request to make a passkey; all base64url. */
export interface PasskeyCreation {
  readonly id: string
  readonly clientDataJson: string
  readonly attestationObject: string
  readonly transports: readonly string[]
}

/** An authenticator's answer to a request to use a passkey; all base64url. */
export interface PasskeyAssertion {
  readonly id: string
  readonly clientDataJson: string
  readonly authenticatorData: string
  readonly signature: string
  readonly userHandle: string | undefined
}

export interface PasskeyVerifier {
  /** Refused if the answer is not valid for this relying party. The caller checks which challenge it answers. */
  verifyCreation(answer: PasskeyCreation, party: RelyingParty): Promise<VerifiedCreation | PasskeyRefused>
  /** As above; also refused if the passkey did not sign it, or the count did not increase. */
  verifyAssertion(
    answer: PasskeyAssertion,
    party: RelyingParty,
    passkey: Passkey,
  ): Promise<VerifiedAssertion | PasskeyRefused>
}

/** Why an answer is not valid. For the log only, because it repeats what was sent. */
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
/** The maximum number of unanswered challenges; the newest are kept, because strangers can ask for them. */
export const mostChallenges = 10_000

/** COSE algorithms (RFC 9053): EdDSA, ES256, RS256. */
export const passkeyAlgorithms: readonly number[] = [-8, -7, -257]

/**
 * The relying party at this public URL. Undefined if browsers offer no passkeys there: at an IP address (WebAuthn
 * §5.1.2: an effective domain), and without TLS except on this machine.
 */
export function relyingPartyOf(publicUrl: string): RelyingParty | undefined {
  const url = URL.parse(publicUrl)
  if (url === null) return undefined
  const { hostname, origin, protocol } = url
  if (hostname.startsWith('[') || isIP(hostname) > 0) return undefined
  const isLocal = hostname === 'localhost' || hostname.endsWith('.localhost')
  return protocol === 'https:' || isLocal ? { id: hostname, origin } : undefined
}

/**
 * The user handle for authenticators: the same for all passkeys of a person, and it reveals nothing about the person.
 */
export function userHandleOf({ id, createdAt }: User): Uint8Array {
  return sha256(`hallpass user ${id} ${createdAt}`)
}

/** The stored hash of a challenge. */
export function hashChallenge(challenge: string): Uint8Array {
  return sha256(challenge)
}

/** Whether the same authenticator could send this count next (WebAuthn §6.1.1). */
export function advances(stored: number, seen: number): boolean {
  return seen > stored || (stored === 0 && seen === 0)
}

function sha256(text: string): Uint8Array {
  return hash('sha256', text, 'buffer')
}
