// The store's contract: what people were told of the ends of tokens, and what they are told next.
import type { Digest, EndPlace, EndSpan, NoticeItem } from '../notice.ts'
import type { TokenRecord } from '../token.ts'

export interface EndingToken {
  readonly record: TokenRecord
  /** The days of its last notice. */
  readonly noticed: number | null
}

export interface NoticeReads {
  /**
   * The next tokens behind this place that end within the span: neither marked as revoked nor replaced, nor of machines. They are of
   * one organisation, in the order of their ends, and may be none. `next` is undefined behind the last organisation.
   */
  ending(
    after: EndPlace,
    span: EndSpan,
    limit: number,
  ): Promise<{ readonly tokens: readonly EndingToken[]; readonly next: EndPlace | undefined }>
  /** The digest that is due longest at `now`; undefined if none is. */
  due(now: number): Promise<Digest | undefined>
}

export interface NoticeWrites extends NoticeReads {
  /** Notes that the notice for so many days before the end is given. */
  noteEnd(tokenId: string, days: number): Promise<void>
  /** Notes a use after the end; false if another one was noted in the day before, or by a clock that was more than a day ahead. */
  noteLate(tokenId: string, at: number): Promise<boolean>
  /** Adds to what the person is told next: at `dueAt`, but not within a day after the last time. */
  add(to: Pick<Digest, 'userId' | 'kind'>, items: readonly NoticeItem[], times: DigestTimes): Promise<void>
  /** The person was told at that time. */
  told(digest: Digest, at: number): Promise<void>
  /** Nothing is new for a day, or nobody is left to be told. */
  forget(digest: Digest): Promise<void>
}

interface DigestTimes {
  readonly now: number
  readonly dueAt: number
}
