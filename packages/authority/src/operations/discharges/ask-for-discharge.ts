// token.discharge: the authority, as a third party, answers a ticket that it made itself.
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
import type { Entering, Environment } from '../perform/operation.ts'

export type DischargeAnswer =
  | { readonly kind: 'discharge'; readonly discharge: Secret }
  /** The person has to agree first: what is for them, and what the holder polls with. */
  | { readonly kind: 'request'; readonly forPerson: Secret; readonly forPolling: Secret }

interface FoundTicket extends OpenedTicket {
  readonly record: TokenRecord | undefined
}

export const askForDischarge: Entering<{ readonly ticket: string }, FoundTicket, DischargeAnswer> = {
  name: 'token.discharge',

  async prepare(environment, { ticket }) {
    const bytes = parseTicket(ticket)
    const found = bytes && (await environment.store.read((tx) => findTicket(tx, environment, bytes)))
    if (found === undefined) {
      throw new DomainError('invalid', 'this ticket was not made here, or is damaged', { field: 'ticket' })
    }
    if (!environment.dischargeLimit.take(found.demand.tokenId)) {
      throw new DomainError('rate_limited', 'too many discharges of this token: try again soon', { retryAfter: 1 })
    }
    return found
  },

  about: ({ demand, record }) => ({ ...aboutToken(demand, record), userId: demand.userId }),

  async run({ tx, environment, now }, _input, opened, caller) {
    const { demand } = opened
    if (demand.how === 'member') {
      const { record } = await meetDemand(tx, opened, { now })
      const discharge = await issueDischarge(tx, environment, opened, now)
      return { output: { kind: 'discharge', discharge }, ...aboutToken(demand, record) }
    }
    // Nobody is asked to confirm what could not be given then.
    const person = await tx.users.byId(demand.userId)
    const { record } = await meetDemand(tx, opened, { now, ...(person && { answeredBy: person }) })
    const output = await openRequest(tx, environment, opened, { now, requestedFrom: caller.remoteAddress })
    const about = aboutToken(demand, record)
    return { output, ...about, target: `${about.target}, to be confirmed by ${person?.email ?? 'its person'}` }
  },
}

/** What the audit trail says of an event about the discharge of a token. */
export function aboutToken(
  { tokenId, organisationId }: { readonly tokenId: string; readonly organisationId: number },
  record: TokenRecord | undefined,
): { readonly actor: AuditActor; readonly target: string; readonly organisationId: number } {
  const actor = { kind: 'token', id: tokenId, label: record?.name ?? '' } as const
  return { actor, target: `discharge of token ${tokenId}`, organisationId }
}

async function findTicket(
  tx: ReadTransaction,
  { keyring }: Environment,
  ticket: Uint8Array,
): Promise<FoundTicket | undefined> {
  const opened = await openOwnTicket(tx, keyring, ticket)
  return opened && { ...opened, record: await tx.tokens.byId(opened.demand.tokenId) }
}

/**
 * Whoever asks the same again from the same address is told of the request that waits already: flyctl asks twice, and its
 * person confirms once. Elsewhere somebody else may hold the token, who must be confirmed apart.
 * @throws DomainError `rate_limited` where too many of this token wait already
 */
async function openRequest(
  tx: Transaction,
  environment: Environment,
  { ticket, demand: { tokenId, userId, organisationId } }: OpenedTicket,
  { now, requestedFrom }: { readonly now: number; readonly requestedFrom: string },
): Promise<DischargeAnswer> {
  const again = await tx.dischargeRequests.findAgain({ tokenId, ticket, requestedFrom }, now)
  if (again !== undefined) {
    const names = await nameRequest(tx, environment.keyring, again)
    // One from before names were made in this way has others.
    if ((await tx.dischargeRequests.byPollHash(requireHash(names.forPolling)))?.id === again.id) {
      return { kind: 'request', ...names }
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
  // Its names are made of its id, which it has only then.
  const unnamed = () => environment.randomBytes(32)
  const { id } = await tx.dischargeRequests.insert({ ...request, personHash: unnamed(), pollHash: unnamed() })
  const names = await nameRequest(tx, environment.keyring, { id, ...request })
  await tx.dischargeRequests.setNames(id, {
    personHash: requireHash(names.forPerson),
    pollHash: requireHash(names.forPolling),
  })
  return { kind: 'request', ...names }
}

function requireHash(secret: Secret): Uint8Array {
  const hash = hashRequestSecret(secret.reveal())
  if (hash === undefined) throw new Error('a new name of a request is not of the form that it should have')
  return hash
}
