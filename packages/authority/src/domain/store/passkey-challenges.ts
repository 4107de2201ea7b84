// The store's contract: challenges that a passkey is to answer.
import type { PasskeyChallenge } from '../passkey.ts'

export interface PasskeyChallengeWrites {
  /** Lets go of a hundred of those that ended before `now`, and of the eldest where there are more than `most`. */
  insert(challenge: PasskeyChallenge, bounds: { readonly now: number; readonly most: number }): Promise<void>
  /** Takes it away, so that nobody else can; ended ones too. */
  take(handle: Uint8Array): Promise<PasskeyChallenge | undefined>
  deleteOfUser(userId: number): Promise<void>
}
