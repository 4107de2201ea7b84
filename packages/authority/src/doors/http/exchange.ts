// What a handler of any door can use: operations on behalf of the caller, and facts about the request.
import type { FastifyRequest } from 'fastify'

import type { DomainError } from '../../domain/errors.ts'
import type { MachineRunner } from '../../domain/machine-runner.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { createAllowance } from '../../operations/perform/allowance.ts'
import type { Caller, Environment, Operation, ReadOperation } from '../../operations/perform/operation.ts'
import { perform, performForEach } from '../../operations/perform/perform.ts'
import type { Presented } from '../../operations/perform/principal.ts'
import { addressOf, ClientOfRequest, sourceAddressOf } from './address.ts'
import { StoreOfRequest } from './store-of-request.ts'

export interface Exchange {
  /** Milliseconds. */
  readonly now: () => number
  readonly userAgent: string | undefined
  /** The nonce of a machine's lease, from the request. */
  readonly leaseNonce: string | undefined
  /** The address for people, without a slash at the end. */
  readonly publicUrl: () => string
  /** Whether what runs machines answers, and the host of this one. */
  readonly engineAnswers: (machine?: { readonly runId: string | null }) => boolean
  /** How far the image is that a machine waits for, where that is known. */
  readonly pulling: MachineRunner['pulling']
  /** Resolves when others have had a turn; for long answers. */
  readonly pause: () => Promise<void>
  readonly perform: <Input, Subject, Output, Prepared>(
    operation: Operation<Input, Subject, Output, Prepared>,
    input: Input,
  ) => Promise<Output>
  /** For others, whose credentials came to the caller: `from` where, if the caller says so. As `performForEach`. */
  readonly performForEach: <Subject, Output, Also>(
    operation: ReadOperation<undefined, Subject, Output>,
    others: readonly { readonly presented: Presented; readonly from: string | undefined }[],
    also: (tx: ReadTransaction) => Promise<Also>,
  ) => Promise<{ readonly also: Also; readonly answers: readonly (Output | DomainError)[] }>
  /** For the GraphQL mutation of this name. */
  readonly mutating: (mutation: string) => Exchange
  /** The same, which performs like this. */
  readonly performing: (perform: Exchange['perform']) => Exchange
}

/** The credentials of a request without any, or whose credentials do not count. */
export const nobody: Presented = { tokens: [], authTokenHashes: [], refusals: [], endsSoon: undefined }

const monotonic = () => performance.now()

/** Makes the exchange of one request, for the caller with these credentials. `waited`: milliseconds in a queue of ours. */
export function openExchange(
  environment: Environment,
  presented: Presented,
  request: FastifyRequest,
  waited = 0,
): Exchange {
  const store = new StoreOfRequest(environment.store, monotonic, new ClientOfRequest(request), waited)
  return new ExchangeOfRequest({ environment, presented, request, store, spend: createAllowance() })
}

interface Parts {
  readonly environment: Environment
  readonly presented: Presented
  readonly request: FastifyRequest
  readonly store: StoreOfRequest
  readonly spend: Caller['spend']
}

/** Most handlers only perform, so everything else is made where it is asked for. */
class ExchangeOfRequest implements Exchange {
  readonly perform: Exchange['perform']
  readonly #parts: Parts

  constructor(parts: Parts, performing?: Exchange['perform']) {
    this.#parts = parts
    this.perform = performing ?? performFor(parts)
  }

  get now(): Exchange['now'] {
    return this.#parts.environment.now
  }

  get userAgent(): string | undefined {
    return this.#parts.request.headers['user-agent']
  }

  get leaseNonce(): string | undefined {
    return [this.#parts.request.headers['fly-machine-lease-nonce']].flat()[0]
  }

  get publicUrl(): Exchange['publicUrl'] {
    return this.#parts.environment.publicUrl
  }

  get engineAnswers(): Exchange['engineAnswers'] {
    return (machine) => this.#parts.environment.machines?.answers(machine) === true
  }

  get pulling(): Exchange['pulling'] {
    return (machine) => this.#parts.environment.machines?.pulling(machine)
  }

  get pause(): Exchange['pause'] {
    return this.#parts.environment.pause
  }

  get performForEach(): Exchange['performForEach'] {
    const { environment, request, store, spend } = this.#parts
    return (operation, others, also) => {
      const own = new CallerOfRequest(request, spend, undefined)
      const holders = others.map((other) => ({
        caller: other.from === undefined ? own : new CallerElsewhere(request, spend, other.from),
        presented: other.presented,
        input: undefined,
      }))
      return performForEach(environment, operation, holders, also, store)
    }
  }

  get mutating(): Exchange['mutating'] {
    return (mutation) => this.performing(performFor(this.#parts, mutation))
  }

  get performing(): Exchange['performing'] {
    return (performing) => new ExchangeOfRequest(this.#parts, performing)
  }
}

function performFor(parts: Parts, mutation?: string): Exchange['perform'] {
  const { environment, presented, request, store, spend } = parts
  const caller = new CallerOfRequest(request, spend, mutation)
  return (operation, input) => perform(environment, caller, operation, presented, input, store)
}

class CallerOfRequest implements Caller {
  readonly requestId: string
  readonly spend: Caller['spend']
  readonly mutation: string | undefined
  readonly source: Caller['source']
  readonly #request: FastifyRequest

  constructor(request: FastifyRequest, spend: Caller['spend'], mutation: string | undefined) {
    this.requestId = request.id
    this.spend = spend
    this.mutation = mutation
    this.source = request.raw.source
    this.#request = request
  }

  /** Also a client that has closed its side alone: what is killed looks the same. */
  get hasLeft(): () => boolean {
    const { socket } = this.#request
    return () => socket.destroyed || socket.readableEnded
  }

  /** The first time on a connection, it costs a system call to read it from the socket. */
  get remoteAddress(): string {
    return addressOf(this.#request)
  }

  get sourceAddress(): string {
    return sourceAddressOf(this.#request)
  }

  get userAgent(): string | undefined {
    return this.#request.headers['user-agent']
  }
}

/** Whose request came to a service, which asks about it. */
class CallerElsewhere extends CallerOfRequest {
  readonly #address: string

  constructor(request: FastifyRequest, spend: Caller['spend'], address: string) {
    super(request, spend, undefined)
    this.#address = address
  }

  override get remoteAddress(): string {
    return this.#address
  }

  override get sourceAddress(): string {
    return this.#address
  }
}
