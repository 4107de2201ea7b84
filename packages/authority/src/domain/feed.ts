// The feed: what happened to tokens that somebody may remember as good, in the order of commits.

/**
 * What a guard must forget, and ask about again. It names more than what has died, and never less:
 *
 * - `token`: the token, and every token whose line passes through it;
 * - `organisation`, `app`: their tokens, and what their names stand for;
 * - `person`: the tokens that were made in the name of this person;
 * - `verifier`: who may follow the feed no more.
 */
export type FeedSubject =
  | { readonly kind: 'token'; readonly id: string }
  | { readonly kind: 'organisation' | 'app' | 'person' | 'verifier'; readonly id: number }

/** Where a reader of the feed is: behind this event. */
export interface FeedPosition {
  /** 0 before the first event. */
  readonly id: number
  /** When the event happened, in milliseconds: another history, as that of a backup, has another event here. */
  readonly at: number
}

export interface FeedEvent extends FeedPosition {
  readonly subject: FeedSubject
  /** Whether the token itself is dead for good, so that nobody needs to ask about it again. */
  readonly isFinal: boolean
}
