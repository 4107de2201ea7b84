// token.discharge after a confirmation: the holder polls, and gets the answer once.
import { hashRequestSecret, type DischargeRequest } from '../../domain/discharge.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Secret } from '../../domain/secret.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import type { TokenRecord } from '../../domain/token.ts'
import { aboutToken } from './ask-for-discharge.ts'
import { issueDischarge, meetDemand, openOwnTicket } from './membership-demand.ts'
import type { Services, OpenRead, OpenWrite } from '../perform/operation.ts'

interface Poll {
  /** The secret that the holder polls with. */
  readonly secret: Secret
}

export type CollectedDischarge = { readonly discharge: Secret } | { readonly refusal: string }

/** Whether there is an answer. */
export const pollDischarge: OpenRead<Poll, 'pending' | 'answered'> = {
  name: 'token.discharge',
  audience: 'anyone',
  mode: 'read',

  async run({ tx, now }, { input }) {
    const request = await findRequest(tx, input, now)
    return request.state === 'pending' ? 'pending' : 'answered'
  },
}

interface AnsweredRequest {
  readonly request: DischargeRequest
  readonly record: TokenRecord | undefined
}

/** Returns the answer and deletes the request. A refusal is an answer too. */
export const collectDischarge: OpenWrite<Poll, AnsweredRequest, CollectedDischarge> = {
  name: 'token.discharge',
  audience: 'anyone',
  mode: 'write',

  prepare({ now, read }, poll) {
    return read(async (tx) => {
      const request = await findRequest(tx, poll, now)
      return { request, record: await tx.tokens.byId(request.tokenId) }
    })
  },

  describeRefused: ({ request, record }) => ({ ...aboutToken(request, record), owner: `user ${request.userId}` }),

  async run({ tx, environment, caller, now }, { input: poll }) {
    // Again, in the transaction: of two who poll at once, one gets the answer.
    const request = await findRequest(tx, poll, now)
    if (request.state === 'pending') throw notKnown()
    await tx.dischargeRequests.delete(request.id)
    return answer(tx, environment, request, { now, from: () => caller.remoteAddress })
  },

  auditDetails: (answered, { request, record }) => ({
    ...aboutToken(request, record),
    ...('refusal' in answered ? { outcome: 'denied', reason: answered.refusal } : {}),
  }),
}

/** What happened since the confirmation counts: the token may be revoked, or the person no longer a member. */
async function answer(
  tx: ReadTransaction,
  environment: Services,
  { ticket, state, userId }: DischargeRequest,
  { now, from }: { readonly now: number; readonly from: () => string },
): Promise<CollectedDischarge> {
  const person = await tx.users.byId(userId)
  const opened = await openOwnTicket(tx, environment.keyring, ticket)
  if (person === undefined || opened === undefined)
    return { refusal: 'the person who could confirm this has no account any more' }
  if (state === 'denied') return { refusal: `${person.email} has refused this` }
  try {
    await meetDemand(tx, opened, { now, from, answeredBy: person })
  } catch (error) {
    if (error instanceof DomainError && ['forbidden', 'blocked'].includes(error.code)) return { refusal: error.message }
    throw error
  }
  return { discharge: await issueDischarge(tx, environment, opened, now) }
}

async function findRequest(tx: ReadTransaction, { secret }: Poll, now: number): Promise<DischargeRequest> {
  const hash = hashRequestSecret(secret.reveal())
  const request = hash && (await tx.dischargeRequests.byPollHash(hash))
  if (request === undefined || request.expiresAt <= now) throw notKnown()
  return request
}

function notKnown(): DomainError {
  return new DomainError(
    'not_found',
    'this discharge is not known here, was fetched already, or was not confirmed in time',
  )
}
