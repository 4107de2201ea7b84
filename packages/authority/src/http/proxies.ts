// Tells whoever runs the authority of proxies that it does not know, and of those that do not say who asks.
import type { FastifyRequest } from 'fastify'
import type { Logger } from 'pino'

import type { Trusts } from '../config-network.ts'
import { isForwardedUntrusted, readAddress } from '../doors/http/address.ts'

/** Of each kind: strangers can pretend to be proxies. */
const mostTold = 8

// What looks at health and metrics asks the authority itself, from wherever it is.
const unforwarded: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz', '/metrics'])

/** Looks at a request, and warns once of each proxy. */
export function createProxyWatch(log: Logger, trusts: Trusts | undefined): (request: FastifyRequest) => void {
  const unknown = new Set<string>()
  const silent = new Set<string>()

  function tell(told: Set<string>, request: FastifyRequest, sentence: string): void {
    const proxy = readAddress(request.socket.remoteAddress ?? '')
    if (proxy === undefined || told.has(proxy) || told.size >= mostTold) return
    told.add(proxy)
    log.warn({ proxy }, sentence)
  }

  return (request) => {
    if (isForwardedUntrusted(request)) {
      tell(
        unknown,
        request,
        'requests with X-Forwarded-For come from an address that --trusted-proxies does not name: ' +
          'if it is your proxy, name it there, for until then everybody behind it counts as one client',
      )
      return
    }
    if (trusts === undefined || unforwarded.has(request.routeOptions.url)) return
    if (request.ips !== undefined && request.ips.length > 1 && readAddress(request.ip) !== undefined) return
    if (!trusts(request.socket.remoteAddress ?? '')) return
    tell(
      silent,
      request,
      'a request came through a trusted proxy without an address in X-Forwarded-For: ' +
        'let the proxy set that header, for otherwise everybody counts as one client, ' +
        'and whoever sends the header chooses what they count as',
    )
  }
}
