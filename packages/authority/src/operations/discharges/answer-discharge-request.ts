// discharge.show, discharge.approve, discharge.deny: a person answers a request to use a token in their name.
import { hashRequestSecret, type DischargeRequest } from '../../domain/discharge.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Organisation } from '../../domain/organisation.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import type { TokenRecord } from '../../domain/token.ts'
import { nowhere } from '../../domain/token-policy.ts'
import { meetDemand, openOwnTicket, type MetDemand, type OpenedTicket } from './membership-demand.ts'
import type { OperationContext, AccessRequest, ReadOperation, WriteOperation } from '../perform/operation.ts'
import { expectPerson } from '../perform/personal.ts'
import type { Credential } from '../perform/principal.ts'

interface AskedRequest {
  /** The name of the request for its person. */
  readonly id: string
}

interface FoundRequest {
  readonly request: DischargeRequest
  readonly opened: OpenedTicket
}

export interface ShownRequest {
  readonly request: DischargeRequest
  readonly record: TokenRecord
  readonly organisation: Organisation
  /** The validity of the discharge, in seconds. */
  readonly seconds: number
}

export const showDischargeRequest: ReadOperation<AskedRequest, FoundRequest, ShownRequest> = {
  name: 'discharge.show',
  mode: 'read',
  access,

  async run(context, { subject, actor }) {
    const { record, organisation } = await meetAsPerson(context, subject, actor)
    return { request: subject.request, record, organisation, seconds: subject.opened.demand.seconds }
  },
}

export const approveDischargeRequest = answerWith('discharge.approve', 'approved')
export const denyDischargeRequest = answerWith('discharge.deny', 'denied')

function answerWith(name: string, state: 'approved' | 'denied'): WriteOperation<AskedRequest, FoundRequest, undefined> {
  return {
    name,
    mode: 'write',
    access,

    async run(context, { subject, actor }) {
      await meetAsPerson(context, subject, actor)
      if (subject.request.state !== 'pending') throw new DomainError('conflict', 'this was answered already')
      await context.tx.dischargeRequests.setState(subject.request.id, state)
      return undefined
    },
  }
}

async function access(
  { tx, environment, now }: OperationContext<ReadTransaction>,
  { id }: AskedRequest,
): Promise<AccessRequest<FoundRequest>> {
  const hash = hashRequestSecret(id)
  const request = hash && (await tx.dischargeRequests.byPersonHash(hash))
  const opened = request && (await openOwnTicket(tx, environment.keyring, request.ticket))
  if (request === undefined || opened === undefined || request.expiresAt <= now) {
    throw new DomainError('not_found', 'this request is not known here, or has ended: start again where you came from')
  }
  return {
    subject: { request, opened },
    requirement: { kind: 'person' },
    target: `discharge of token ${request.tokenId}`,
    organisationId: request.organisationId,
  }
}

/** @throws DomainError `forbidden` if the ticket is not about this person, or no longer */
async function meetAsPerson(
  { tx, now }: OperationContext<ReadTransaction>,
  { opened }: FoundRequest,
  actor: Credential,
): Promise<MetDemand> {
  expectPerson(actor)
  // The person may be elsewhere than the holder.
  return meetDemand(tx, opened, { now, from: nowhere, answeredBy: actor.user })
}
