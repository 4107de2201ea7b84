// Warns the operator about proxies that are not configured, and about proxies that do not name the client.
import { readAddress, type Trusts } from '@hallpass/guard/forwarded'
import type { FastifyRequest } from 'fastify'
import type { Logger } from 'pino'

import { isForwardedUntrusted } from '../doors/http/address.ts'

/** For each kind, because strangers can pretend to be proxies. */
const mostWarnings = 8

// Probes of health and metrics come from the machine itself, without a forwarded address.
const unforwarded: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz', '/metrics'])

/** Checks each request, and warns once about each proxy. */
export function createProxyWatch(log: Logger, trusts: Trusts | undefined): (request: FastifyRequest) => void {
  const unknown = new Set<string>()
  const silent = new Set<string>()

  function warnOnce(warned: Set<string>, request: FastifyRequest, sentence: string): void {
    const proxy = readAddress(request.socket.remoteAddress ?? '')
    if (proxy === undefined || warned.has(proxy) || warned.size >= mostWarnings) return
    warned.add(proxy)
    log.warn({ proxy }, sentence)
  }

  return (request) => {
    if (isForwardedUntrusted(request)) {
      warnOnce(
        unknown,
        request,
        'requests with X-Forwarded-For come from an address that --trusted-proxies does not name: ' +
          'if it is your proxy, name it there: until then everybody behind it counts as one client',
      )
      return
    }
    if (trusts === undefined || unforwarded.has(request.routeOptions.url)) return
    if (request.ips !== undefined && request.ips.length > 1 && readAddress(request.ip) !== undefined) return
    if (!trusts(request.socket.remoteAddress ?? '')) return
    warnOnce(
      silent,
      request,
      'a request came through a trusted proxy without an address in X-Forwarded-For: ' +
        'let the proxy set that header, for otherwise everybody counts as one client, ' +
        'and the sender of the header chooses as whom they count',
    )
  }
}
