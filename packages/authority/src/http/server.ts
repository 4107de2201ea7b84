// The HTTP server with limits, request ids, metrics and log. The doors are opened on it.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, rename } from 'node:fs/promises'
import type { Socket } from 'node:net'

import { findRepeatedHeader, type Trusts } from '@hallpass/guard/forwarded'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'

import { createConnections } from './connections.ts'
import { DomainError } from '../domain/errors.ts'
import type { Secret } from '../domain/secret.ts'
import type { Store } from '../domain/store.ts'
import { machineAddress } from '../doors/http/address.ts'
import { bodyLimits, takeJson } from '../doors/http/body.ts'
import { checkBounds, mostHeaders, readQuery, shortenAddress } from '../doors/http/bounds.ts'
import { InvalidInput, hasLeft, isOfApi, sendError, sendNotServed } from '../doors/http/errors.ts'
import type { LogSink, SayRarely } from '../log.ts'
import { measure } from './metrics.ts'
import type { Source } from '../operations/perform/operation.ts'
import { createProxyWatch } from './proxies.ts'
import type { Turns } from './turns.ts'

/**
 * How long connections may take to end once the server stops, in milliseconds: half of the ten seconds for everything.
 */
const closingTime = 5_000

export interface MachineServer {
  readonly server: FastifyInstance
  /**
   * Answers a machine at a socket of its own, once the server listens. A request without a credential has the machine's.
   * Whatever listened at the path before is not reached any more. Returns what ends it.
   */
  readonly openSocket: (path: string, source: Source, token: () => Secret | undefined) => Promise<() => void>
}

/** A server that answers only `/healthz`, `/readyz` and `/metrics` so far. */
export function createServer(options: {
  readonly log: Logger
  readonly sayRarely: SayRarely
  readonly logSink: Pick<LogSink, 'dropped'>
  readonly store: Store
  readonly turns: Turns
  /** Whether this is the address of a proxy whose X-Forwarded headers count; nobody's if absent. */
  readonly trusts: Trusts | undefined
  /** How long an idle connection is kept, in milliseconds. */
  readonly keepAlive: number
  /** Called when the first connection comes. */
  readonly onFirstConnection: (() => void) | undefined
  /** Whether it stops soon. */
  readonly isDraining: () => boolean
  /** Called for every request that is refused as unauthenticated. */
  readonly onUnauthenticated: (request: FastifyRequest, reply: FastifyReply) => void
}): MachineServer {
  const { log, sayRarely, logSink, store, turns, trusts, keepAlive, onFirstConnection, isDraining, onUnauthenticated } =
    options
  function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    if (hasLeft(request)) return
    if (error instanceof DomainError && error.code === 'unauthenticated') onUnauthenticated(request, reply)
    if (!sendError(error, request, reply)) {
      reportUnforeseen(log, error, request.id)
    }
  }
  const nextId = createRequestIds()
  const monotonic = () => performance.now()
  const connections = createConnections({
    turns,
    now: monotonic,
    trusts: trusts ?? (() => false),
    keepAlive,
    onFirst: onFirstConnection,
    report: (network, why) => sayRarely('warn', { network, why }, 'a connection was ended'),
  })
  const server = fastify({
    serverFactory: (listener) => connections.createServer(listener),
    return503OnClosing: false,
    bodyLimit: bodyLimits.anybody,
    rewriteUrl: (request) => withoutStraySlashes(request.method, shortenAddress(request)),
    routerOptions: { maxParamLength: 512, querystringParser: readQuery },
    forceCloseConnections: 'idle',
    // At the socket of a machine nobody has an address.
    trustProxy: trusts === undefined ? false : (address: string | undefined) => trusts(address ?? ''),
    genReqId: nextId,
    // Otherwise Fastify loads its own compilers at the start: the contract checks what comes, and its routes print answers.
    schemaController: { compilersFactory: { buildValidator: hasNoSchema, buildSerializer: hasNoSchema } },
    frameworkErrors(error, request, reply) {
      unrouted.refused(request, reply)
      stamp(request, reply)
      answerError(error, request, reply)
    },
    clientErrorHandler: (error, socket) =>
      connections.break(socket, () => {
        const requestId = nextId()
        const status = refuseBrokenRequest(error, socket, requestId)
        // The client has gone, perhaps in the middle of an answer.
        if (status === undefined) return
        const fields = { request_id: requestId, ...describeBrokenRequest(error) }
        sayRarely('info', fields, 'a request was refused before it was understood')
        unrouted.broken(status)
      }),
  })

  server.server.maxHeadersCount = mostHeaders
  takeJson(server)
  server.setErrorHandler(answerError)
  server.setNotFoundHandler((request, reply) => {
    if (isOfApi(request)) sendNotServed(request, reply)
    else void reply.code(404).type('text/plain').send('404 page not found')
  })
  const watchProxies = createProxyWatch(log, trusts)
  server.addHook('onRequest', (request, reply, done) => {
    stamp(request, reply)
    watchProxies(request)
    // Who asks again connects anew, to another server.
    if (isDraining()) reply.raw.shouldKeepAlive = false
    if (request.raw.source !== undefined && !isForMachines(request)) {
      done(new DomainError('not_found', 'this is not answered at the socket of a machine'))
      return
    }
    // RFC 9112 §3.2. Node would refuse it without a request id.
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1') {
      done(new InvalidInput('the header host is missing', 'host'))
    } else done(checkBounds(request) ?? refuseRepeated(request))
  })
  server.addHook('preClose', (done) => {
    connections.end(closingTime)
    done()
  })
  const unrouted = measure(server, { log, logSink, now: monotonic })
  server.get('/healthz', () => ({ ok: true }))
  server.get('/readyz', async (_request, reply) => {
    if (isDraining()) return reply.code(503).send({ ok: false, reason: 'draining', message: 'this server stops soon' })
    // The store has already logged the reason once. This may be asked every second.
    const trouble = await store.health()
    if (trouble === undefined) return { ok: true }
    return reply.code(503).send({ ok: false, reason: trouble.reason, message: trouble.message })
  })
  async function openSocket(path: string, source: Source, token: () => Secret | undefined): Promise<() => void> {
    const own = connections.createServer((request, response) => {
      request.source = source
      // Nobody logs in with a browser here.
      delete request.headers.cookie
      const held = request.headers.authorization === undefined ? token() : undefined
      if (held !== undefined) request.headers.authorization = held.reveal()
      server.routing(request, response)
    }, machineAddress(source))
    own.maxHeadersCount = mostHeaders
    // It gets another name: at its end Node removes what it made, and another authority may listen there by then.
    const draft = `${path}.${randomBytes(4).toString('hex')}`
    own.listen(draft)
    await once(own, 'listening')
    await chmod(draft, 0o666)
    await rename(draft, path)
    return () => {
      own.close()
      own.closeAllConnections()
    }
  }
  return { server, openSocket }
}

function refuseRepeated({ raw }: FastifyRequest): InvalidInput | undefined {
  const name = findRepeatedHeader(raw.rawHeaders)
  return name === undefined ? undefined : new InvalidInput(`the header ${name} appears twice`, name)
}

/** The Machines API, and what a token may ask about itself and others. */
function isForMachines({ routeOptions: { url = '' } }: FastifyRequest): boolean {
  return /^\/v1\/(?:apps|orgs|platform|tokens)(?:\/|$)/.test(url)
}

/**
 * Clients append their paths to the address that they were given: if it ends with a slash, the path begins with two. And
 * people write a slash at the end of a path. It is ignored where nothing is deleted or changed: `DELETE /v1/orgs/acme/$ID`
 * with an empty `$ID` must not delete the organization. Pages redirect by themselves.
 */
function withoutStraySlashes(method: string | undefined, url: string): string {
  const query = url.indexOf('?')
  if (!url.startsWith('//') && url[(query === -1 ? url.length : query) - 1] !== '/') return url
  const path = url.replace(/^\/+(?=\/(?:graphql|v1|api\/v1|metrics_post)(?:[/?]|$))/, '')
  return method === 'GET' || method === 'HEAD' || method === 'POST' ? path.replace(lastSlash, '$1') : path
}

const lastSlash =
  /^((?:https?:\/\/[^/?]+)?\/(?:graphql|v1|api|aaa|web|metrics_post|healthz|readyz|openapi\.json|\.well-known)(?:\/[^?]*[^/?])?)\/(?=\?|$)/

/** Logs an unexpected error. The client does not see it. */
export function reportUnforeseen(log: Logger, error: unknown, requestId: string): void {
  log.error({ err: error, request_id: requestId }, 'a request failed for an unforeseen reason')
}

function hasNoSchema(): never {
  throw new Error('no route has a schema of Fastify')
}

/** Ids that no other process gives, cheaper than random ones: a random prefix and a count. */
function createRequestIds(): () => string {
  const beginning = randomBytes(9).toString('base64url')
  let count = 0
  return () => `${beginning}-${(count += 1).toString(36)}`
}

/** Headers of every answer. */
function stamp(request: FastifyRequest, reply: FastifyReply): void {
  void reply
    .header('fly-request-id', request.id)
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff')
}

/** For the log. The parser's reason names a rule and quotes nothing. Recognizes what a misconfigured client or proxy sends. */
function describeBrokenRequest(error: Error) {
  type Broken = Error & { readonly code?: string; readonly reason?: string; readonly rawPacket?: Uint8Array }
  const { code, reason, rawPacket = new Uint8Array() } = error as Broken
  const beginning = Buffer.from(rawPacket.subarray(0, 12)).toString('latin1')
  if (beginning.startsWith('\x16\x03')) return { code, reason: 'a TLS handshake: this port speaks HTTP without TLS' }
  if (/^PROXY |^\r\n\r\n\0\r\nQUIT\n/.test(beginning)) {
    return { code, reason: 'the PROXY protocol, which is not read: let the proxy send X-Forwarded-For instead' }
  }
  return { code, reason }
}

/**
 * Refuses what is not HTTP, or exceeds a limit, before any route is known. Returns the status; undefined where nobody is
 * left to be answered.
 */
function refuseBrokenRequest(error: Error & { code?: string }, socket: Socket, requestId: string): number | undefined {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return undefined
  }
  const [status, code, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['431 Request Header Fields Too Large', 'too_large', 'the headers are too large']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', 'invalid_request', 'the request did not arrive in time']
        : ['400 Bad Request', 'invalid_request', 'the request is not well formed']
  const body = JSON.stringify({ error: message, message, code, request_id: requestId })
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `fly-request-id: ${requestId}\r\nconnection: close\r\n\r\n${body}`,
  )
  return Number.parseInt(status)
}
