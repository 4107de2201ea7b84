// The authority as a third party: what its tickets demand, and the discharge requests that wait for a person.
import { hash } from 'node:crypto'

import {
  defineCaveat,
  extendVocabulary,
  flyVocabulary,
  getCaveats,
  MacaroonError,
  type Caveat,
  type DischargeAccess,
} from '@hallpass/macaroon'

import type { MembershipDischarge } from './organisation.ts'

/** What the authority checks before it discharges one of its own tickets. */
export interface Demand {
  /** The token that needs the discharge; everything attenuated from it has the same id. */
  readonly tokenId: string
  /** The person in whose name the token was made. */
  readonly userId: number
  readonly organisationId: number
  /** `member`: the person must still be a member; `login`: the person must also confirm, logged in. */
  readonly how: Exclude<MembershipDischarge, 'none'>
  /** The longest validity of a discharge, in seconds. */
  readonly seconds: number
}

/** A request for a discharge, which the caveats of a ticket are checked against. */
export interface TokenDischargeAccess extends DischargeAccess {
  readonly tokenId: string
  /** Whether the person was logged in and agreed. */
  readonly confirmed: boolean
}

/**
 * A discharge request that waits for the person's answer in a browser, and then for the holder to fetch the discharge.
 */
export interface DischargeRequest {
  readonly id: number
  readonly tokenId: string
  readonly userId: number
  readonly organisationId: number
  readonly ticket: Uint8Array
  readonly state: 'pending' | 'approved' | 'denied'
  /** The address that the request came from. */
  readonly requestedFrom: string
  readonly createdAt: number
  readonly expiresAt: number
}

/** The validity of a discharge in seconds. Holders fetch the next one by themselves. */
export const dischargeSeconds = 600
/** Milliseconds within which the person must answer and the holder must fetch the answer. */
export const requestLifetime = 600_000
/** The limit for one token: its holder could fill the table. */
export const mostRequests = 50

/** The limit for all tokens of one person together. */
export const mostRequestsOfPerson = 1000

const mostTicketBytes = 1024
const secretPattern = /^[A-Za-z0-9_-]{43}$/
const ways = ['member', 'login'] as const

/** The caveat that says which token a ticket was made for and what the person must do. Only the authority reads it. */
const ofToken = defineCaveat<{ readonly tokenId: string; readonly how: Demand['how'] }>({
  name: 'HallpassToken',
  number: 2n ** 48n + 1n,
  decode(reader) {
    reader.expectArray(2, 'a HallpassToken')
    const id = reader.readBytes()
    const how = ways[reader.readSmallUint(0xff)]
    if (id.length !== 16 || how === undefined)
      throw new MacaroonError('malformed', 'A HallpassToken has invalid fields')
    return { tokenId: formatId(id), how }
  },
  encode(writer, { tokenId, how }) {
    writer.writeArrayLength(2)
    writer.writeBytes(Buffer.from(tokenId.replaceAll('-', ''), 'hex'))
    writer.writeUint(BigInt(ways.indexOf(how)))
  },
  toJson: ({ tokenId, how }) => `${how} ${tokenId}`,
  fromJson() {
    throw new MacaroonError('bad-json', 'A HallpassToken appears only in tickets')
  },
  prohibits: () => ({ kind: 'invalid-access', reason: 'only the authority can judge a HallpassToken' }),
  prohibitsDischarge({ tokenId, how }, access) {
    if (!isOfToken(access) || access.tokenId !== tokenId) {
      return { kind: 'identity', reason: 'the ticket was made for another token' }
    }
    if (how === 'member' || access.confirmed) return undefined
    return { kind: 'identity', reason: 'the person in whose name the token was made must confirm it' }
  },
})

/** The vocabulary of the authority's own tickets. */
export const ticketVocabulary = extendVocabulary(flyVocabulary, [ofToken.codec])

/** The caveats of a ticket with these demands. */
export function caveatsOfDemand({ tokenId, userId, organisationId, how, seconds }: Demand): readonly Caveat[] {
  return [
    ofToken.of({ tokenId, how }),
    { type: 'ConfineUser', id: BigInt(userId) },
    { type: 'ConfineOrganization', id: BigInt(organisationId) },
    { type: 'MaxValidity', seconds: BigInt(seconds) },
  ]
}

/** The demand that `caveatsOfDemand` made these caveats from; undefined for any others. */
export function readDemand(caveats: readonly Caveat[]): Demand | undefined {
  const token = caveats.find((caveat) => ofToken.is(caveat))
  const [user] = getCaveats(caveats, 'ConfineUser')
  const [organisation] = getCaveats(caveats, 'ConfineOrganization')
  const [validity] = getCaveats(caveats, 'MaxValidity')
  if (caveats.length !== 4 || !token || !user || !organisation || !validity) return undefined
  const numbers = [user.id, organisation.id, validity.seconds]
  if (numbers.some((number) => number >= 2n ** 31n)) return undefined
  return {
    ...token.value,
    userId: Number(user.id),
    organisationId: Number(organisation.id),
    seconds: Number(validity.seconds),
  }
}

/** The stricter of two demands for membership. */
export function stricter(one: MembershipDischarge, other: MembershipDischarge): MembershipDischarge {
  if (one === 'login' || other === 'login') return 'login'
  return one === 'none' ? other : one
}

/** Parses a ticket in standard base64; undefined if the authority cannot have made it. */
export function parseTicket(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length === 0 || bytes.length > mostTicketBytes || bytes.toString('base64') !== text) return undefined
  return new Uint8Array(bytes)
}

/**
 * The text from which the name of a request is derived: one name for its person, one for the holder who polls. The same
 * request from the same address gets the same name again, so names are derived, not stored. Only the owner of the
 * ticket key can derive them.
 */
export function describeRequest(
  who: 'person' | 'holder',
  { id, ticket, createdAt }: Pick<DischargeRequest, 'id' | 'ticket' | 'createdAt'>,
): string {
  return JSON.stringify([who, id, createdAt, Buffer.from(ticket).toString('base64')])
}

/** The stored hash of the secret; undefined if the text cannot be one. */
export function hashRequestSecret(text: string): Uint8Array | undefined {
  return secretPattern.test(text) ? hash('sha256', text, 'buffer') : undefined
}

function isOfToken(access: DischargeAccess): access is TokenDischargeAccess {
  return 'tokenId' in access && 'confirmed' in access
}

function formatId(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
