// The REST door: parses by the contract, performs, encodes.
import { createHash } from 'node:crypto'

import { routes, type Route } from '@hallpass/client/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { z } from 'zod'

import type { Authenticate } from '../../operations/perform/authenticate.ts'
import type { Environment } from '../../operations/perform/operation.ts'
import { tokensAmong, type Presented } from '../../operations/perform/principal.ts'
import { ClientOfRequest } from '../http/address.ts'
import { bodyLimits } from '../http/body.ts'
import { createCompression } from '../http/compress.ts'
import { openExchange, type Exchange } from '../http/exchange.ts'
import { authenticateFirst } from '../http/authenticate-first.ts'
import { answerInTurn } from '../http/long-answers.ts'
import { parse } from '../http/parse.ts'
import { print } from '../http/pieces.ts'
import { handlers } from './handlers.ts'
import { describeApi } from './openapi.ts'

export interface RestDoor {
  readonly environment: Environment
  readonly authenticate: Authenticate
  /** The Authorization header of the request, or the one that its cookie stands for. */
  readonly credentialOf: (request: FastifyRequest) => string | undefined
}

type AnyHandler = (
  input: Record<'params' | 'query' | 'body', unknown>,
  exchange: Exchange,
) => Promise<object | undefined>

/** Opens every route of the contract, and `/openapi.json`. */
export function openRestDoor(server: FastifyInstance, door: RestDoor): void {
  const compress = createCompression()
  for (const [name, route] of Object.entries<Route>(routes)) {
    // Each handler's type is checked in the table; here only the general shape is left.
    openRoute(server, { ...door, compress }, route, handlers[name as keyof typeof handlers] as AnyHandler)
  }
  openDescription(server, door.environment.publicUrl)
}

/** Made at the first request, because making it takes two hundred times as long as sending it. */
function openDescription(server: FastifyInstance, publicUrl: () => string): void {
  let description: { readonly text: Buffer; readonly etag: string } | undefined
  server.get('/openapi.json', (request, reply) => {
    description ??= printDescription(describeApi(publicUrl()))
    const { text, etag } = description
    void reply.header('etag', etag).header('cache-control', 'no-cache')
    if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send()
    return reply.type('application/json; charset=utf-8').send(text)
  })
}

/** RFC 9110 §13.1.2. A proxy that compresses makes the tag a weak one. */
function isKnown(tags: string | undefined, etag: string): boolean {
  return (
    tags !== undefined &&
    (tags.trim() === '*' || tags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag))
  )
}

function printDescription(description: unknown): { readonly text: Buffer; readonly etag: string } {
  const text = Buffer.from(JSON.stringify(description))
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url')}"` }
}

function openRoute(
  server: FastifyInstance,
  door: RestDoor & { readonly compress: ReturnType<typeof createCompression> },
  route: Route,
  handle: AnyHandler,
): void {
  const { environment, authenticate, credentialOf, compress } = door
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
  ): Promise<FastifyReply> {
    const made = await handle(input, exchange)
    void reply.code(route.status)
    if (made === undefined || route.answer === undefined) return reply.send()
    const text = print(made, environment.pause)
    return reply.type('application/json; charset=utf-8').send(typeof text === 'string' ? text : await text)
  }
  server.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    ...(route.credentialInBody === true ? { onRequest: takeForJson, bodyLimit: bodyLimits.known } : {}),
    // Answers to GET contain no secret; new tokens and codes come from other methods.
    ...(route.method === 'GET' ? { onSend: compress } : {}),
    ...(route.authenticated && route.credentialInBody !== true ? options : {}),
    handler(request, reply) {
      const input = readInput(route, request)
      const makeFor = (presented: Presented, waited = 0) =>
        answer(openExchange(environment, presented, request, waited), input, reply)
      if (route.credentialInBody === true) return presentedIn(input.body, request).then((found) => makeFor(found))
      const presented = presentedBy(request)
      if (!isLong) return makeFor(presented)
      return answerInTurn(environment.longAnswers, request, reply, (waited) => makeFor(presented, waited))
    },
  })
}

/** Whether the answer has a list, which may be long. */
function hasList({ answer }: Route): boolean {
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
