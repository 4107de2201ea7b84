// Notices: what people are told of their tokens without asking, and when.
import type { TokenRecord } from './token.ts'

/** `end`: tokens that end soon. `late`: uses of tokens that were replaced and have ended. */
export type NoticeKind = 'end' | 'late'

export interface NoticeItem {
  readonly tokenId: string
  /** When it ends, in milliseconds, if it still lives. */
  readonly endsAt?: number
  /** The use of a token after its end. */
  readonly use?: { readonly at: number; readonly address: string; readonly userAgent: string }
}

/** What one person is told in one mail. */
export interface Digest {
  readonly userId: number
  readonly kind: NoticeKind
  /** How many tokens it is about; zero if the person was told, and nothing is new. */
  readonly count: number
  /** The first of them to end. */
  readonly items: readonly NoticeItem[]
}

/** Tokens that end after `from` and not after `until`; milliseconds. */
export interface EndSpan {
  readonly from: number
  readonly until: number
}

/** A place on the way through the ends of all organisations: behind this token of this one. The id is empty before the first. */
export interface EndPlace {
  readonly organisationId: number
  readonly endsAt: number
  readonly createdAt: number
  readonly id: string
}

/** Before the first organisation. */
export const firstEndPlace: EndPlace = { organisationId: 0, endsAt: 0, createdAt: 0, id: '' }

export const day = 86_400_000

/** Those that are listed, of all that are known: the first to end, and of uses the first ones. */
export function firstItems(items: readonly NoticeItem[]): readonly NoticeItem[] {
  return items.toSorted((one, other) => (one.endsAt ?? 0) - (other.endsAt ?? 0)).slice(0, mostItems)
}

/** A mail lists so many tokens, and counts the others. */
export const mostItems = 20

/**
 * Notices are noted a day before they are due, in milliseconds: a person gets one mail a day, and that mail has what would
 * be due before the next one could be sent.
 */
export const noticeLead = 24 * 3_600_000

/** How much longer than the days of a notice a token must live, so that nobody gets one for a token that is just made. */
const margin = noticeLead + 3_600_000

/** Days before the end. */
export const usualNoticeDays: readonly number[] = [30, 7, 1]

/**
 * Which notice a live token gets, in days before its end; undefined if none. Of several that are due, it is the one that is
 * nearest to the end. `days`: those that are sent. `now` in milliseconds.
 */
export function nearestNotice(
  { createdAt, expiresAt }: Pick<TokenRecord, 'createdAt' | 'expiresAt'>,
  days: readonly number[],
  now: number,
): number | undefined {
  const left = expiresAt - now
  if (left <= 0) return undefined
  const due = days.filter((each) => left <= each * day + noticeLead)
  if (due.length === 0) return undefined
  const nearest = Math.min(...due)
  return expiresAt - createdAt > nearest * day + margin ? nearest : undefined
}
