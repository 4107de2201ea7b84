// The options and challenges for passkey ceremonies: PublicKeyCredential…OptionsJSON of WebAuthn §5.1.
import { timingSafeEqual } from 'node:crypto'

import { DomainError } from '../../domain/errors.ts'
import {
  challengeLifetime,
  hashChallenge,
  mostChallenges,
  passkeyAlgorithms,
  relyingPartyOf,
  userHandleOf,
  type Passkey,
  type RelyingParty,
} from '../../domain/passkey.ts'
import type { Transaction } from '../../domain/store.ts'
import type { User } from '../../domain/user.ts'
import type { Services, WriteContext } from '../perform/operation.ts'

export interface Ceremony {
  /** The answer sends it back. */
  readonly challengeId: string
  readonly options: Record<string, unknown>
}

/** @throws DomainError `conflict` if browsers offer no passkeys for the public URL */
export function requireRelyingParty({ publicUrl }: Services): RelyingParty {
  const party = relyingPartyOf(publicUrl())
  if (party !== undefined) return party
  throw new DomainError(
    'conflict',
    'browsers offer no passkeys here: the public URL needs a name, and https:// unless that is localhost',
  )
}

/** Begins to add a passkey; this cancels an earlier beginning of the user. */
export async function beginCreation(context: WriteContext, user: User, owned: readonly Passkey[]): Promise<Ceremony> {
  const party = requireRelyingParty(context.environment)
  await context.tx.passkeyChallenges.deleteOfUser(user.id)
  const { challengeId, challenge } = await issueChallenge(context, user.id)
  return {
    challengeId,
    options: {
      rp: { id: party.id, name: 'Hallpass' },
      user: { id: encode(userHandleOf(user)), name: user.email, displayName: user.email },
      challenge,
      pubKeyCredParams: passkeyAlgorithms.map((alg) => ({ type: 'public-key', alg })),
      timeout: challengeLifetime,
      attestation: 'none',
      excludeCredentials: owned.map(({ credentialId, transports }) => ({
        id: encode(credentialId),
        type: 'public-key',
        transports,
      })),
      // Nobody types a name at a login with a passkey, so the authenticator must know the user.
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'preferred' },
      extensions: { credProps: true },
    },
  }
}

/** Begins a login with any passkey for this relying party. */
export async function beginAssertion(context: WriteContext): Promise<Ceremony> {
  const party = requireRelyingParty(context.environment)
  const { challengeId, challenge } = await issueChallenge(context, null)
  return {
    challengeId,
    options: { rpId: party.id, challenge, timeout: challengeLifetime, userVerification: 'preferred' },
  }
}

/**
 * Uses up the challenge.
 * @throws DomainError `forbidden` unless it was issued to this user (null: for a login) and is still valid
 */
export async function takeChallenge(
  tx: Transaction,
  now: number,
  { challengeId, challenge, userId }: { challengeId: string; challenge: string; userId: number | null },
): Promise<void> {
  const known = await tx.passkeyChallenges.take(Buffer.from(challengeId, 'base64url'))
  const good =
    known !== undefined &&
    known.userId === userId &&
    known.expiresAt > now &&
    timingSafeEqual(known.challengeHash, hashChallenge(challenge))
  if (good) return
  throw new DomainError('forbidden', 'this challenge is not known, was answered already or has ended: begin again', {
    field: 'challenge_id',
  })
}

async function issueChallenge({ tx, environment, now }: WriteContext, userId: number | null) {
  const handle = environment.randomBytes(16)
  const challenge = encode(environment.randomBytes(32))
  await tx.passkeyChallenges.insert(
    { handle, challengeHash: hashChallenge(challenge), userId, expiresAt: now + challengeLifetime },
    { now, most: mostChallenges },
  )
  return { challengeId: encode(handle), challenge }
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
