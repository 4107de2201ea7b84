// Passkeys and challenges for the tests of the store.
import type { Passkey, PasskeyChallenge } from '../../domain/passkey.ts'
import type { Transaction } from '../../domain/store.ts'
import { unique, uniqueBytes } from './seed.ts'

export function insertPasskey(
  tx: Transaction,
  userId: number,
  changes: Partial<Omit<Passkey, 'id'>> = {},
): Promise<Passkey> {
  return tx.passkeys.insert({
    userId,
    credentialId: uniqueBytes(),
    publicKey: uniqueBytes(),
    signCount: 0,
    transports: ['internal'],
    name: unique('passkey'),
    createdAt: 1,
    lastUsedAt: null,
    ...changes,
  })
}

/** A challenge that ends at 100, unless it is changed. */
export async function insertChallenge(
  tx: Transaction,
  changes: Partial<PasskeyChallenge> = {},
  bounds = { now: 1, most: 1_000_000 },
): Promise<PasskeyChallenge> {
  const challenge = { handle: uniqueBytes(), challengeHash: uniqueBytes(), userId: null, expiresAt: 100, ...changes }
  await tx.passkeyChallenges.insert(challenge, bounds)
  return challenge
}
