// Opens a route of the contract: parses by its schemas, lets a handler perform, and prints the answer.
import { Readable } from 'node:stream'

import type { Route } from '@hallpass/client/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { z } from 'zod'

import type { Authenticate } from '../../operations/perform/authenticate.ts'
import type { Environment } from '../../operations/perform/operation.ts'
import { tokensAmong, type Presented } from '../../operations/perform/principal.ts'
import { ClientOfRequest } from './address.ts'
import { authenticateFirst } from './authenticate-first.ts'
import { bodyLimits } from './body.ts'
import type { createCompression } from './compress.ts'
import { openExchange, type Exchange } from './exchange.ts'
import { answerInTurn, turnOf } from './long-answers.ts'
import { parse } from './parse.ts'
import { PagedList, print, printPages } from './pieces.ts'
import { tellEnd } from './tell-end.ts'

export interface ContractDoor {
  readonly environment: Environment
  readonly authenticate: Authenticate
  /** The Authorization header of the request, or the one that its cookie stands for. */
  readonly credentialOf: (request: FastifyRequest) => string | undefined
  /** For answers to GET that contain no secret; new tokens and codes come from other methods. */
  readonly compress?: ReturnType<typeof createCompression>
  /** Asked of each request before anything is done for it. @throws DomainError `rate_limited` */
  readonly admit?: (route: Route, params: Readonly<Record<string, string>>, presented: Presented) => void
}

export type AnyHandler = (
  input: Record<'params' | 'query' | 'body', unknown>,
  exchange: Exchange,
) => Promise<object | undefined>

export function openContractRoute(server: FastifyInstance, door: ContractDoor, route: Route, handle: AnyHandler): void {
  const { environment, authenticate, credentialOf, admit, compress } = door
  const { options, presentedBy } = authenticateFirst(authenticate, credentialOf)
  const isLong = route.method === 'GET' && hasList(route)
  async function presentedIn(body: unknown, request: FastifyRequest): Promise<Presented> {
    // By the contract, the bodies of its routes have this field.
    return tokensAmong(await authenticate((body as { readonly header: string }).header, new ClientOfRequest(request)))
  }
  async function answer(
    exchange: Exchange,
    input: Parameters<AnyHandler>[0],
    reply: FastifyReply,
  ): Promise<FastifyReply | undefined> {
    const handled = await handle(input, exchange)
    const made =
      handled instanceof PagedList ? await printPages(handled, inTurnOf(reply.request), environment.pause) : handled
    tellEnd(reply.request, reply)
    void reply.code(route.status)
    if (made === undefined || route.answer === undefined) return wait(reply.send())
    void reply.type('application/json; charset=utf-8')
    if (made instanceof Readable) return wait(reply.send(made))
    const text = print(made, environment.pause)
    return wait(reply.send(typeof text === 'string' ? text : await text))
  }
  /**
   * For Fastify to wait for: a reply that is sent already would be waited for in another turn of the loop. A long answer must not be
   * waited for in its turn of the queue.
   */
  function wait(reply: FastifyReply): FastifyReply | undefined {
    return isLong || reply.raw.headersSent ? undefined : reply
  }
  const inTurnOf =
    (request: FastifyRequest) =>
    <T>(work: () => Promise<T>): Promise<T> =>
      environment.longAnswers.run(turnOf(request), work)
  server.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    ...(route.credentialInBody === true ? { onRequest: takeForJson, bodyLimit: bodyLimits.known } : {}),
    ...(route.method === 'GET' && compress !== undefined ? { onSend: compress } : {}),
    ...(route.authenticated && route.credentialInBody !== true ? options : {}),
    handler(request, reply) {
      const input = readInput(route, request)
      const makeFor = (presented: Presented, waited = 0) =>
        answer(openExchange(environment, presented, request, waited), input, reply)
      if (route.credentialInBody === true) return presentedIn(input.body, request).then(makeFor)
      const presented = presentedBy(request)
      admit?.(route, input.params as Readonly<Record<string, string>>, presented)
      if (!isLong) return makeFor(presented)
      return answerInTurn(environment.longAnswers, request, reply, (waited) => makeFor(presented, waited))
    },
  })
}

/** Whether the answer has a list, which may be long. */
function hasList({ answer }: Route): boolean {
  if (answer instanceof z.ZodArray) return true
  return answer instanceof z.ZodObject && Object.values(answer.shape).some((field) => field instanceof z.ZodArray)
}

function readInput({ params, query, body }: Route, request: FastifyRequest) {
  return {
    params: parse(params, request.params, 'the path'),
    query: parse(query, request.query, 'the query'),
    body: parse(body, request.body, 'the body'),
  }
}

const takeForJson: onRequestHookHandler = (request, _reply, done) => {
  request.headers['content-type'] ??= 'application/json'
  done()
}
