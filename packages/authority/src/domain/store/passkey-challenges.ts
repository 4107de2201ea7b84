// The store's contract: unanswered passkey challenges.
import type { PasskeyChallenge } from '../passkey.ts'

export interface PasskeyChallengeWrites {
  /** Also deletes a hundred of those that expired before `now`, and the oldest beyond `most`. */
  insert(challenge: PasskeyChallenge, bounds: { readonly now: number; readonly most: number }): Promise<void>
  /** Deletes and returns it, so that it is used once; finds expired ones too. */
  take(handle: Uint8Array): Promise<PasskeyChallenge | undefined>
  deleteOfUser(userId: number): Promise<void>
}
