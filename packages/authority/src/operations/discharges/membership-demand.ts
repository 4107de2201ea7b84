// The authority as a third party: checks that the person in whose name a token was made is still a member.
import { clearCaveats, getCaveats, type Caveat } from '@hallpass/macaroon'

import {
  caveatsOfDemand,
  describeRequest,
  dischargeSeconds,
  readDemand,
  stricter,
  ticketVocabulary,
  type Demand,
  type DischargeRequest,
  type TokenDischargeAccess,
} from '../../domain/discharge.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Keyring, TicketOrder } from '../../domain/keyring.ts'
import type { Organisation } from '../../domain/organisation.ts'
import type { Secret } from '../../domain/secret.ts'
import type { ReadTransaction, Transaction } from '../../domain/store.ts'
import { leadSeconds, type TokenRecord } from '../../domain/token.ts'
import type { Circumstances } from '../../domain/token-policy.ts'
import type { User } from '../../domain/user.ts'
import { StrangerRefused } from '../perform/authorise.ts'
import { blockWith } from '../perform/blocks.ts'
import type { Services } from '../perform/operation.ts'
import { describeEnd, type Credential } from '../perform/principal.ts'

/** An opened ticket of the authority. */
export interface OpenedTicket {
  readonly ticket: Uint8Array
  readonly caveats: readonly Caveat[]
  readonly demand: Demand
}

/** The address to which holders take the authority's own tickets. */
export function thirdPartyLocation({ publicUrl }: Pick<Services, 'publicUrl'>): string {
  return `${publicUrl()}/aaa/v1`
}

/** The wrapped ticket key; undefined if no organisation has ever demanded membership. */
async function findTicketKey(tx: ReadTransaction): Promise<Uint8Array | undefined> {
  const text = await tx.settings.get(ticketKeySetting)
  return text === undefined ? undefined : Buffer.from(text, 'base64')
}

/** Makes the ticket key if there is none. Call it before anything is demanded. */
export async function ensureTicketKey(tx: Transaction, keyring: Keyring): Promise<void> {
  if ((await tx.settings.get(ticketKeySetting)) !== undefined) return
  await tx.settings.set(ticketKeySetting, Buffer.from(keyring.createTicketKey()).toString('base64'))
}

/** Opens a ticket that was made here; undefined for any other. */
export async function openOwnTicket(
  tx: ReadTransaction,
  keyring: Keyring,
  ticket: Uint8Array,
): Promise<OpenedTicket | undefined> {
  const key = await findTicketKey(tx)
  const caveats = key && keyring.openTicket(key, ticket)
  const demand = caveats && readDemand(caveats)
  return caveats && demand && { ticket, caveats, demand }
}

/** The two names of a request, always the same ones. */
export async function nameRequest(
  tx: ReadTransaction,
  keyring: Keyring,
  request: Pick<DischargeRequest, 'id' | 'ticket' | 'createdAt'>,
): Promise<{ readonly forPerson: Secret; readonly forPolling: Secret }> {
  const key = await findTicketKey(tx)
  if (key === undefined) throw new Error('the key for tickets is gone')
  return {
    forPerson: keyring.deriveName(key, describeRequest('person', request)),
    forPolling: keyring.deriveName(key, describeRequest('holder', request)),
  }
}

/** The person and organisation of a ticket whose demands are met. */
export interface MetDemand {
  readonly record: TokenRecord
  readonly organisation: Organisation
  readonly person: User
}

/**
 * Checks the ticket: the token must be live and not blocked, and the person in whose name it was made must be a member. `answeredBy` is
 * the person who is logged in; without one, the ticket must not demand a confirmation. `from`: where the holder of the token is.
 * @throws DomainError `forbidden` or `blocked`, with a sentence that says what is not met; StrangerRefused if the person is
 * not a member
 */
export async function meetDemand(
  tx: ReadTransaction,
  { caveats, demand }: OpenedTicket,
  { now, from, answeredBy }: { readonly now: number; readonly from: Circumstances['from']; readonly answeredBy?: User },
): Promise<MetDemand> {
  const { tokenId, organisationId, seconds } = demand
  const record = await tx.tokens.byId(tokenId)
  const organisation = await tx.organisations.byId(organisationId)
  if (record === undefined || organisation === undefined || record.organisationId !== organisation.id) {
    throw new StrangerRefused(`token ${tokenId} is not known here`)
  }
  const person = answeredBy ?? (record.createdBy === null ? undefined : await tx.users.byId(record.createdBy))
  if (person === undefined) {
    throw new StrangerRefused(`the account in whose name token ${tokenId} was made is gone`)
  }
  const membership = await tx.memberships.find(organisation.id, person.id)
  // A person who has left is a stranger to the organisation, whatever they still hold.
  const refuse = (sentence: string) =>
    membership === undefined ? new StrangerRefused(sentence) : new DomainError('forbidden', sentence)
  const end = describeEnd(record, record.expiresAt, now)
  if (end !== undefined) throw refuse(end)
  if (person.emailProvenAt !== null && record.createdAt < person.emailProvenAt) {
    throw refuse(`token ${tokenId} was made before its person's address was proven, so nobody knows who made it`)
  }
  const block = blockWith(organisation, new Map(membership && [[person.id, membership.role]]), record, from)
  if (block !== undefined)
    throw membership === undefined ? refuse(block.sentence) : new DomainError('blocked', block.sentence)
  const second = Math.floor(now / 1000)
  const access: TokenDischargeAccess = {
    type: 'discharge',
    now: second,
    expiry: second + seconds,
    flyio: [{ userId: BigInt(person.id), organizationIds: membership === undefined ? [] : [BigInt(organisation.id)] }],
    tokenId: record.id,
    confirmed: answeredBy !== undefined,
  }
  const clearance = clearCaveats(caveats, [access], ticketVocabulary)
  if (clearance.allowed && record.createdBy === person.id) return { record, organisation, person }
  throw refuse(describeUnmet({ record, organisation, person }, membership !== undefined))
}

function describeUnmet({ record, organisation, person }: MetDemand, isMember: boolean): string {
  if (record.createdBy !== person.id)
    return `token ${record.id} was not made in your name, so it is not yours to confirm`
  return isMember
    ? `the ticket of token ${record.id} demands what cannot be met`
    : `the person in whose name token ${record.id} was made is no longer a member of organization ${organisation.slug}`
}

/** Makes the discharge, which expires soon, of a ticket whose demands are met. */
export async function issueDischarge(
  tx: ReadTransaction,
  environment: Services,
  { ticket, demand }: OpenedTicket,
  now: number,
) {
  const key = await findTicketKey(tx)
  if (key === undefined) throw new Error('the key for tickets is gone')
  const second = BigInt(Math.floor(now / 1000))
  return environment.keyring.discharge(key, ticket, thirdPartyLocation(environment), [
    { type: 'ValidityWindow', notBefore: second - BigInt(leadSeconds), notAfter: second + BigInt(demand.seconds) },
  ])
}

/** What a minting credential passes on: caveats, and a demand that needs a new ticket. */
export interface Inheritance {
  readonly caveats: readonly Caveat[]
  readonly demand: Demand | undefined
}

/**
 * A token passes on all of its caveats. A person's role is not passed on, because every profile restricts more. If the
 * token asks the authority's own third party, the new token gets a new ticket with the same question; today's discharge
 * is not passed on.
 * @throws DomainError `forbidden` if it asks any other third party: only the owner of that key could ask again
 */
export async function inherit(tx: ReadTransaction, keyring: Keyring, actor: Credential): Promise<Inheritance> {
  if (actor.kind === 'user') return { caveats: [], demand: undefined }
  const { macaroon, caveats } = actor.verified
  // Those of discharges count too, if it needs none from here.
  if (getCaveats(macaroon.unsafeCaveats, '3P').length === 0) return { caveats, demand: undefined }
  return withoutQuestion(tx, keyring, actor.record, macaroon.unsafeCaveats)
}

/**
 * The caveats of a token without its question to the authority's own third party, and that question as a demand.
 * @throws DomainError `forbidden` as above
 */
export async function withoutQuestion(
  tx: ReadTransaction,
  keyring: Keyring,
  { id, organisationId, createdBy }: TokenRecord,
  caveats: readonly Caveat[],
): Promise<Inheritance> {
  const [question, ...others] = getCaveats(caveats, '3P')
  if (question === undefined) return { caveats, demand: undefined }
  const opened = question.ticket === null ? undefined : await openOwnTicket(tx, keyring, question.ticket)
  const own =
    opened?.demand.tokenId === id &&
    opened.demand.organisationId === organisationId &&
    // Nobody's ticket is any more that of an account that is gone.
    (createdBy === null || opened.demand.userId === createdBy)
  if (others.length > 0 || !own || !caveats.includes(question)) {
    throw new DomainError('forbidden', 'a token that needs a discharge of a third party cannot mint tokens')
  }
  return { caveats: caveats.filter((caveat) => caveat !== question), demand: opened.demand }
}

/**
 * The ticket of the new token: what its organisation demands, and what the tokens that it comes from were asked themselves.
 * @throws DomainError `forbidden` if the question is about a person, and there is none
 */
export async function orderTicket(
  tx: ReadTransaction,
  environment: Services,
  { membershipDischarge, id: organisationId }: Organisation,
  inherited: readonly (Demand | undefined)[],
  userId: number | null,
): Promise<TicketOrder | undefined> {
  const demands = inherited.filter((demand) => demand !== undefined)
  const how = demands.reduce((most, demand) => stricter(most, demand.how), membershipDischarge)
  if (how === 'none') return undefined
  if (userId === null) {
    throw new DomainError('forbidden', 'the person in whose name this token would be minted has no account any more')
  }
  const ticketKey = await findTicketKey(tx)
  if (ticketKey === undefined) throw new Error(`organization ${organisationId} demands discharges, and there is no key`)
  const seconds = Math.min(dischargeSeconds, ...demands.map((demand) => demand.seconds))
  return {
    ticketKey,
    location: thirdPartyLocation(environment),
    demands: (tokenId) => caveatsOfDemand({ tokenId, userId, organisationId, how, seconds }),
  }
}

const ticketKeySetting = 'ticket_key'
