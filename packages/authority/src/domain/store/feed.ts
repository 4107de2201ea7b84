// The store's contract: the feed. The writes that it tells of append to it themselves.
import type { FeedEvent, FeedPosition } from '../feed.ts'

export interface FeedReads {
  /** Behind the last event. */
  end(): Promise<FeedPosition>
  /**
   * The first events behind a position, in the order of commits: an event that is missing here never comes to stand before
   * one that is not. Undefined if the position is of another history, or of events that were removed: whoever stands there
   * must forget everything.
   */
  after(position: FeedPosition, limit: number): Promise<readonly FeedEvent[] | undefined>
  /** Whether `removeBefore` has anything to do. */
  areOlder(at: number): Promise<boolean>
}

export interface FeedWrites extends FeedReads {
  /** Removes the first events before that time, but never the last event of all. Returns whether there may be more. */
  removeBefore(at: number): Promise<boolean>
}
