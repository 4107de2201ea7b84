// What a handler of any door may do: run operations in the name of whoever asks.
import type { FastifyRequest } from 'fastify'

import { createAllowance } from '../../operations/allowance.ts'
import type { Caller, Entering, Environment, Inquiry, Operation } from '../../operations/operation.ts'
import { enter, inquire, perform } from '../../operations/perform.ts'
import type { Presented } from '../../operations/principal.ts'
import { addressOf } from './address.ts'

export interface Exchange {
  /** Milliseconds. */
  readonly now: () => number
  readonly userAgent: string | undefined
  /** Where people reach the authority, without a slash at the end. */
  readonly publicUrl: () => string
  readonly perform: <Input, Subject, Output, Prepared>(
    operation: Operation<Input, Subject, Output, Prepared>,
    input: Input,
  ) => Promise<Output>
  readonly enter: <Input, Prepared, Output>(
    operation: Entering<Input, Prepared, Output>,
    input: Input,
  ) => Promise<Output>
  readonly inquire: <Input, Output>(inquiry: Inquiry<Input, Output>, input: Input) => Promise<Output>
}

/** What a request presents that carries no credential, or whose credential does not count. */
export const nobody: Presented = { tokens: [], authTokenHashes: [], refusals: [] }

/** The operations for whoever presents these credentials; `mutation` names the GraphQL mutation by which they ask. */
export function openExchange(
  environment: Environment,
  presented: Presented,
  request: FastifyRequest,
  mutation?: string,
): Exchange {
  const caller: Caller = {
    requestId: request.id,
    spend: createAllowance(),
    ...(mutation === undefined ? {} : { mutation }),
    // Asking the socket costs a system call, and only refusals want to know.
    get remoteAddress() {
      return addressOf(request)
    },
  }
  return {
    now: environment.now,
    userAgent: request.headers['user-agent'],
    publicUrl: environment.publicUrl,
    perform: (operation, input) => perform(environment, caller, operation, presented, input),
    enter: (operation, input) => enter(environment, caller, operation, input),
    inquire: (inquiry, input) => inquire(environment, caller, inquiry, input),
  }
}
