// Reads pages of audit events in pieces, because each event may have thousands of characters.
import type { StoredAuditEvent } from '../../domain/audit-event.ts'
import type { Page } from '../../domain/page.ts'

export interface PageEvents {
  readonly limit: number
  /** The id of the last event seen. */
  readonly before: number | undefined
  /** The events of the page that were read before. */
  readonly found?: readonly StoredAuditEvent[]
}

export type EventsPage = Page<StoredAuditEvent, number>

/** In one snapshot, so that it takes a few milliseconds. */
const rowsOfPiece = 200

/** The events so far and one more piece. */
export async function readPiece(
  { limit, before, found = [] }: PageEvents,
  read: (asked: { readonly limit: number; readonly before?: number }) => Promise<EventsPage>,
): Promise<EventsPage> {
  const wanted = Math.min(rowsOfPiece, limit - found.length)
  const piece = await read(before === undefined ? { limit: wanted } : { limit: wanted, before })
  return { ...piece, items: [...found, ...piece.items] }
}

/** The input for the rest of the page; undefined if it is whole. */
export function restOfPage<Input extends PageEvents>(input: Input, { items, next }: EventsPage): Input | undefined {
  return next === undefined || items.length >= input.limit ? undefined : { ...input, before: next, found: items }
}
