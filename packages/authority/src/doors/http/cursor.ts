// Cursors: opaque to callers, and parsed strictly.
import { hash } from 'node:crypto'

import type { TokenQuery } from '../../domain/token.ts'
import type { OrganisationPlace } from '../../operations/organisations/list-organisations.ts'
import { InvalidInput } from './errors.ts'

/** The parameters of a list. A cursor of one list is not valid for another. */
interface TokenListing extends Pick<TokenQuery, 'state' | 'sort' | 'order' | 'search' | 'profile'> {
  /** The organisation or the app, as the caller names it. */
  readonly owner: string
  /** Milliseconds. */
  readonly unused?: number | undefined
  /** Milliseconds. */
  readonly endsWithin?: number | undefined
  /** An address. */
  readonly createdBy?: string | undefined
  readonly isPending?: boolean | undefined
}

export function encodeTokenCursor(place: string, listing: TokenListing): string {
  return encode(`t.${fingerprint(listing)}.${place}`)
}

/**
 * The place at the end of the page before: what the list is sorted by, and an id.
 * @throws InvalidInput if the text is not a cursor of this list
 */
export function decodeTokenCursor(text: string, listing: TokenListing): string {
  const match = tokenCursor.exec(Buffer.from(text, 'base64url').toString())
  if (match?.[2] === undefined) throw new InvalidInput('cursor is not one of this list', 'cursor')
  if (match[1] === fingerprint(listing)) return match[2]
  throw new InvalidInput(
    'cursor is of another list, or of one that is sorted or filtered in another way: start again without a cursor',
    'cursor',
  )
}

const id = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const tokenCursor = new RegExp(
  `^t\\.([\\w-]{11})\\.((?:un)?used\\.\\d{1,15}\\.${id}|\\d{1,15}\\.\\d{1,15}\\.${id}\\.[^\\0]{0,512})$`,
  'su',
)

function fingerprint(listing: TokenListing): string {
  const { owner, state, sort, order, search, unused = 0, endsWithin = 0, profile = '', createdBy = '' } = listing
  const approval = listing.isPending === true ? 'pending' : ''
  const text = [owner, state, sort, order, unused, endsWithin, profile, createdBy, approval, search].join(' ')
  return hash('sha256', text, 'buffer').subarray(0, 8).toString('base64url')
}

export function encodeEventCursor(id: number): string {
  return encode(`e.${id}`)
}

/** @throws InvalidInput if the text is not a cursor of an audit list */
export function decodeEventCursor(text: string): number {
  const match = /^e\.(\d{1,15})$/.exec(decode(text))
  if (match?.[1] === undefined) throw new InvalidInput('cursor is not one of this list', 'cursor')
  return Number(match[1])
}

export function encodeOrganisationCursor({ id, name }: OrganisationPlace): string {
  return encode(`o.${id}.${name}`)
}

/** @throws InvalidInput if the text is not a cursor of a list of organisations */
export function decodeOrganisationCursor(text: string): OrganisationPlace {
  const [, id, name] = /^o\.(\d{1,15})\.(.*)$/s.exec(Buffer.from(text, 'base64url').toString()) ?? []
  if (id === undefined || name === undefined) throw new InvalidInput('cursor is not one of this list', 'cursor')
  return { id: Number(id), name }
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}

function decode(text: string): string {
  return Buffer.from(text, 'base64url').toString('latin1')
}
