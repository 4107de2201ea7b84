// The authority as a third party of its own tokens: what a ticket of it demands, and the requests that wait for a person.
import { createHash } from 'node:crypto'

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

/** What the authority must make sure of before it discharges a ticket of its own. */
export interface Demand {
  /** The token that asks, and everything attenuated from it. */
  readonly tokenId: string
  /** The person in whose name the token was made. */
  readonly userId: number
  readonly organisationId: number
  /** `member`: who must still be one; `login`: and must say so, logged in. */
  readonly how: Exclude<MembershipDischarge, 'none'>
  /** For how many seconds a discharge may hold. */
  readonly seconds: number
}

/** Somebody asks for a discharge: what the caveats of a ticket are held against. */
export interface TokenDischargeAccess extends DischargeAccess {
  readonly tokenId: string
  /** Whether the person was logged in and agreed. */
  readonly confirmed: boolean
}

/** A discharge that waits until the person has answered in a browser, and until the token's holder has fetched it. */
export interface DischargeRequest {
  readonly id: number
  readonly tokenId: string
  readonly userId: number
  readonly organisationId: number
  readonly ticket: Uint8Array
  readonly state: 'pending' | 'approved' | 'denied'
  /** The address that asked for it. */
  readonly requestedFrom: string
  readonly createdAt: number
  readonly expiresAt: number
}

/** Seconds for which a discharge holds; holders fetch the next one by themselves. */
export const dischargeSeconds = 600
/** Milliseconds in which a person can answer, and the holder can fetch the answer. */
export const requestLifetime = 600_000
/** Of one token: whoever holds it could fill the table. */
export const mostRequests = 50

/** Those of all tokens of one person together. */
export const mostRequestsOfPerson = 1000

const mostTicketBytes = 1024
const secretPattern = /^[A-Za-z0-9_-]{43}$/
const ways = ['member', 'login'] as const

/** The caveat that says which token a ticket was made for, and what its person must do. Only the authority reads it. */
const ofToken = defineCaveat<{ readonly tokenId: string; readonly how: Demand['how'] }>({
  name: 'HallpassToken',
  number: 2n ** 48n + 1n,
  decode(reader) {
    reader.expectArray(2, 'a HallpassToken')
    const id = reader.readBytes()
    const how = ways[reader.readSmallUint(0xff)]
    if (id.length !== 16 || how === undefined) throw new MacaroonError('malformed', 'A HallpassToken makes no sense')
    return { tokenId: formatId(id), how }
  },
  encode(writer, { tokenId, how }) {
    writer.writeArrayLength(2)
    writer.writeBytes(Buffer.from(tokenId.replaceAll('-', ''), 'hex'))
    writer.writeUint(BigInt(ways.indexOf(how)))
  },
  toJson: ({ tokenId, how }) => `${how} ${tokenId}`,
  fromJson() {
    throw new MacaroonError('bad-json', 'A HallpassToken stands in tickets alone')
  },
  prohibits: () => ({ kind: 'invalid-access', reason: 'HallpassToken is for the authority to judge' }),
  prohibitsDischarge({ tokenId, how }, access) {
    if (!isOfToken(access) || access.tokenId !== tokenId) {
      return { kind: 'identity', reason: 'the ticket was made for another token' }
    }
    if (how === 'member' || access.confirmed) return undefined
    return { kind: 'identity', reason: 'the person in whose name the token was made has to confirm it' }
  },
})

/** The vocabulary of the authority's own tickets. */
export const ticketVocabulary = extendVocabulary(flyVocabulary, [ofToken.codec])

/** The caveats that a ticket with these demands carries. */
export function caveatsOfDemand({ tokenId, userId, organisationId, how, seconds }: Demand): readonly Caveat[] {
  return [
    ofToken.of({ tokenId, how }),
    { type: 'ConfineUser', id: BigInt(userId) },
    { type: 'ConfineOrganization', id: BigInt(organisationId) },
    { type: 'MaxValidity', seconds: BigInt(seconds) },
  ]
}

/** What `caveatsOfDemand` made these caveats of; undefined for any others. */
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

/** A ticket as it was sent, standard base64; undefined where the authority can never have made it. */
export function parseTicket(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length === 0 || bytes.length > mostTicketBytes || bytes.toString('base64') !== text) return undefined
  return new Uint8Array(bytes)
}

/**
 * What the name of a request is made of: one for its person, another for the holder who polls. It is told again to
 * whoever asks the same from where it was asked, so it is made and not stored; nobody can who has not the key for tickets.
 */
export function describeRequest(
  who: 'person' | 'holder',
  { id, ticket, createdAt }: Pick<DischargeRequest, 'id' | 'ticket' | 'createdAt'>,
): string {
  return JSON.stringify([who, id, createdAt, Buffer.from(ticket).toString('base64')])
}

/** What is stored of it; undefined where the text cannot be one. */
export function hashRequestSecret(text: string): Uint8Array | undefined {
  return secretPattern.test(text) ? createHash('sha256').update(text).digest() : undefined
}

function isOfToken(access: DischargeAccess): access is TokenDischargeAccess {
  return 'tokenId' in access && 'confirmed' in access
}

function formatId(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
