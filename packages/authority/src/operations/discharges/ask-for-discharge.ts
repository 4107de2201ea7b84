// token.discharge: the authority, as a third party, answers one of its own tickets.
import type { AuditActor } from '../../domain/audit-event.ts'
import {
  hashRequestSecret,
  mostRequests,
  mostRequestsOfPerson,
  parseTicket,
  requestLifetime,
  type DischargeRequest,
} from '../../domain/discharge.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Secret } from '../../domain/secret.ts'
import type { ReadTransaction, Transaction } from '../../domain/store.ts'
import type { TokenRecord } from '../../domain/token.ts'
import { issueDischarge, meetDemand, nameRequest, openOwnTicket, type OpenedTicket } from './membership-demand.ts'
import type { Services, OpenWrite } from '../perform/operation.ts'
import { tooMany } from '../perform/limits.ts'

export type DischargeAnswer =
  | { readonly kind: 'discharge'; readonly discharge: Secret }
  /**
   * The person with this email address must confirm first. `forPerson` names the request for them, `forPolling` for the
   * holder.
   */
  | { readonly kind: 'request'; readonly forPerson: Secret; readonly forPolling: Secret; readonly person: string }

interface FoundTicket extends OpenedTicket {
  readonly record: TokenRecord | undefined
}

export const askForDischarge: OpenWrite<{ readonly ticket: string }, FoundTicket, DischargeAnswer> = {
  name: 'token.discharge',
  audience: 'anyone',
  mode: 'write',

  async prepare({ environment, read }, { ticket }) {
    const bytes = parseTicket(ticket)
    const found = bytes && (await read((tx) => findTicket(tx, environment, bytes)))
    if (found === undefined) {
      throw new DomainError('invalid', 'this ticket was not made here, or is damaged', { field: 'ticket' })
    }
    const retryAfter = environment.dischargeLimit.take(found.demand.tokenId)
    if (retryAfter > 0) throw tooMany('discharges of this token', retryAfter)
    return found
  },

  describeRefused: ({ demand, record }) => ({ ...aboutToken(demand, record), owner: `user ${demand.userId}` }),

  async run({ tx, environment, caller, now }, { prepared: opened }) {
    const { demand } = opened
    const from = () => caller.remoteAddress
    if (demand.how === 'member') {
      await meetDemand(tx, opened, { now, from })
      return { kind: 'discharge', discharge: await issueDischarge(tx, environment, opened, now) }
    }
    // Nobody is asked to confirm a discharge that could not be given.
    const person = await tx.users.byId(demand.userId)
    await meetDemand(tx, opened, { now, from, ...(person && { answeredBy: person }) })
    const names = await openRequest(tx, environment, opened, { now, requestedFrom: caller.remoteAddress })
    return { kind: 'request', ...names, person: person?.email ?? 'its person' }
  },

  auditDetails(answer, { demand, record }) {
    const about = aboutToken(demand, record)
    return answer.kind === 'discharge'
      ? about
      : { ...about, target: `${about.target}, to be confirmed by ${answer.person}` }
  },
}

/** The audit details of an event about the discharge of a token. */
export function aboutToken(
  { tokenId, organisationId }: { readonly tokenId: string; readonly organisationId: number },
  record: TokenRecord | undefined,
): { readonly actor: AuditActor; readonly target: string; readonly organisationId: number } {
  const actor = { kind: 'token', id: tokenId, label: record?.name ?? '' } as const
  return { actor, target: `discharge of token ${tokenId}`, organisationId }
}

async function findTicket(
  tx: ReadTransaction,
  { keyring }: Services,
  ticket: Uint8Array,
): Promise<FoundTicket | undefined> {
  const opened = await openOwnTicket(tx, keyring, ticket)
  return opened && { ...opened, record: await tx.tokens.byId(opened.demand.tokenId) }
}

/**
 * The same request from the same address gets the waiting one: flyctl asks twice, and its person confirms once. Another
 * address may be a thief with the token, so it needs its own confirmation.
 * @throws DomainError `rate_limited` if too many requests of this token wait already
 */
async function openRequest(
  tx: Transaction,
  environment: Services,
  { ticket, demand: { tokenId, userId, organisationId } }: OpenedTicket,
  { now, requestedFrom }: { readonly now: number; readonly requestedFrom: string },
): Promise<{ readonly forPerson: Secret; readonly forPolling: Secret }> {
  const again = await tx.dischargeRequests.findAgain({ tokenId, ticket, requestedFrom }, now)
  if (again !== undefined) {
    const names = await nameRequest(tx, environment.keyring, again)
    // Requests from before names were derived have other names.
    if ((await tx.dischargeRequests.byPollHash(requireHash(names.forPolling)))?.id === again.id) {
      return names
    }
  }
  await tx.dischargeRequests.deleteExpired(now)
  if ((await tx.dischargeRequests.count(tokenId, now)) >= mostRequests) {
    throw new DomainError('rate_limited', 'too many discharges of this token wait to be confirmed', { retryAfter: 60 })
  }
  if ((await tx.dischargeRequests.countOf(userId, now)) >= mostRequestsOfPerson) {
    throw new DomainError('rate_limited', 'too many discharges wait for the person of this token', { retryAfter: 60 })
  }
  const request: Omit<DischargeRequest, 'id'> = {
    tokenId,
    userId,
    organisationId,
    ticket,
    state: 'pending',
    requestedFrom,
    createdAt: now,
    expiresAt: now + requestLifetime,
  }
  // The names are derived from the id, which the row gets only when it is inserted.
  const unnamed = () => environment.randomBytes(32)
  const { id } = await tx.dischargeRequests.insert({ ...request, personHash: unnamed(), pollHash: unnamed() })
  const names = await nameRequest(tx, environment.keyring, { id, ...request })
  await tx.dischargeRequests.setNames(id, {
    personHash: requireHash(names.forPerson),
    pollHash: requireHash(names.forPolling),
  })
  return names
}

function requireHash(secret: Secret): Uint8Array {
  const hash = hashRequestSecret(secret.reveal())
  if (hash === undefined) throw new Error('a new name of a request is not of the form that it should have')
  return hash
}
