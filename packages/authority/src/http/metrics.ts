// The metrics of the server, and a log line for every answer.
import type { FastifyInstance, FastifyReply, FastifyRequest, onResponseHookHandler } from 'fastify'
import type { Logger } from 'pino'

import { describeCause, printable } from '../domain/cause.ts'
import { DomainError, type DomainErrorCode } from '../domain/errors.ts'
import { addressOf } from '../doors/http/address.ts'
import type { LogSink } from '../log.ts'
import { createDurationHistogram, type Durations } from './durations.ts'
import type { ProcessMetrics } from './process-metrics.ts'

/** Counts requests that never reach a route, and so none of Fastify's hooks. */
export interface Unrouted {
  /** The path is malformed or too long: counted once it is answered. */
  refused(request: FastifyRequest, reply: FastifyReply): void
  /** Not HTTP, above a limit of the parser, or too late. */
  broken(status: number): void
}

/** Counts and times every request by route, never by path, because a path may contain anything. */
export function measure(
  server: FastifyInstance,
  options: { readonly log: Logger; readonly logSink: Pick<LogSink, 'dropped'>; readonly now: () => number },
): Unrouted {
  const { log, logSink, now } = options
  const seconds = createDurationHistogram({
    name: 'hallpass_http_request_duration_seconds',
    help: 'Time to answer, by method, route and status.',
    bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  })
  function measureRoute(route: string): onResponseHookHandler {
    const byMethod = new Map<string, Map<number, Durations>>()
    return (request, reply, done) => {
      const { method } = request
      const { statusCode: status, elapsedTime } = reply
      const name = known(method)
      let byStatus = byMethod.get(name)
      if (byStatus === undefined) byMethod.set(name, (byStatus = new Map()))
      let durations = byStatus.get(status)
      if (durations === undefined) byStatus.set(status, (durations = seconds.of({ method: name, route, status })))
      durations.observe(elapsedTime / 1000)
      const level = isOfInterest(status, request) ? 'info' : 'debug'
      if (log.isLevelEnabled(level)) {
        const ms = Math.round(elapsedTime * 10) / 10
        log[level]({ request_id: request.id, method, route, status, ms, ...describeRefusal(request) }, 'answered')
      }
      done()
    }
  }

  // Each route has its own hook, which need not ask the request for its route.
  server.addHook('onRoute', (route) => {
    route.onResponse = [route.onResponse ?? [], measureRoute(route.url)].flat()
  })
  const measureUnrouted = measureRoute('none')
  server.addHook('onResponse', (request, reply, done) => {
    if (request.is404) measureUnrouted.call(server, request, reply, done)
    else done()
  })
  let loading: Promise<ProcessMetrics> | undefined
  const load = () => (loading ??= loadProcessMetrics(logSink))
  // Soon after the start, because times count from then on, and an upgrade replaces files under a running server.
  server.addHook('onListen', (done) => {
    // If it fails, the answer of /metrics gives the reason.
    setTimeout(() => void load().catch(() => {}), 500).unref()
    done()
  })
  const print = async () => {
    const ofProcess = await load()
    return { contentType: ofProcess.contentType, text: `${await ofProcess.print()}\n${seconds.print()}` }
  }
  // Collected at most once a second, because it needs no credential.
  let collected: { readonly at: number; readonly answer: ReturnType<typeof print> } | undefined
  server.get('/metrics', async (request, reply) => {
    // In one spelling: a proxy that keeps this path inside may know no other.
    if (request.originalUrl.replace(/\?.*/s, '') !== '/metrics') return reply.callNotFound()
    if (collected === undefined || now() - collected.at >= 1000) collected = { at: now(), answer: print() }
    const { contentType, text } = await collected.answer
    return reply.type(contentType).send(text)
  })
  return {
    refused(request, reply) {
      reply.raw.once('finish', () => measureUnrouted.call(server, request, reply, () => {}))
    },
    broken: (status) => seconds.of({ method: 'other', route: 'none', status }).observe(0),
  }
}

/** It takes a twentieth of a startup to load. */
async function loadProcessMetrics(logSink: Pick<LogSink, 'dropped'>): Promise<ProcessMetrics> {
  const { createProcessMetrics } = await import('./process-metrics.ts')
  return createProcessMetrics(logSink)
}

/** GraphQL always answers with status 200. */
const refusals: ReadonlySet<DomainErrorCode> = new Set([
  'unauthenticated',
  'forbidden',
  'blocked',
  'proof_needed',
  'rate_limited',
])

function isOfInterest(status: number, { refused }: FastifyRequest): boolean {
  if (status === 401 || status === 403 || status === 429) return true
  if (refused === undefined || status >= 500) return false
  return refusals.has(refused.code) || (refused.cause !== undefined && !(refused.cause instanceof DomainError))
}

/** The code of the refusal, its cause, and the address that met a limit. */
function describeRefusal(request: FastifyRequest): Readonly<Record<string, string>> {
  const { refused } = request
  if (refused === undefined) return {}
  const { code, message } = refused
  const cause = describeCause(refused)
  return {
    code,
    ...(refusals.has(code) ? { reason: printable(message) } : {}),
    ...(cause === undefined ? {} : { cause }),
    ...(code === 'rate_limited' ? { address: addressOf(request) } : {}),
  }
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Invented methods must not fill the registry. */
function known(method: string): string {
  return methods.has(method) ? method : 'other'
}
