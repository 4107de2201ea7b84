// Pages of audit events, made in pieces: each event may be thousands of characters long.
import type { StoredAuditEvent } from '../../domain/audit-event.ts'
import type { Page } from '../../domain/page.ts'

export interface PageEvents {
  readonly limit: number
  /** The id of the last event seen. */
  readonly before: number | undefined
  /** What was found of the page until now. */
  readonly found?: readonly StoredAuditEvent[]
}

export type EventsPage = Page<StoredAuditEvent, number>

/** In one snapshot: a few milliseconds. */
const rowsOfPiece = 200

/** What was found until now, and one piece more. */
export async function readPiece(
  { limit, before, found = [] }: PageEvents,
  read: (asked: { readonly limit: number; readonly before?: number }) => Promise<EventsPage>,
): Promise<EventsPage> {
  const wanted = Math.min(rowsOfPiece, limit - found.length)
  const piece = await read(before === undefined ? { limit: wanted } : { limit: wanted, before })
  return { ...piece, items: [...found, ...piece.items] }
}

/** What is still to be asked of the page; undefined where it is whole. */
export function restOfPage<Input extends PageEvents>(input: Input, { items, next }: EventsPage): Input | undefined {
  return next === undefined || items.length >= input.limit ? undefined : { ...input, before: next, found: items }
}
