// A guard as a small process beside a service or a proxy, for other languages: it answers as the authority does, from memory.
import { once } from 'node:events'
import { createServer } from 'node:http'

import { parseNetwork } from '@hallpass/macaroon/narrow'

import { createGuard, type GuardOptions } from '../guard.ts'
import { refuseWith, type Answer } from './answers.ts'
import { answer } from './routes.ts'

export interface SidecarOptions extends GuardOptions {
  readonly listen: { readonly host: string; readonly port: number }
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed, as `127.0.0.1` or `10.0.0.0/8`. */
  readonly trustedProxies?: readonly string[]
  /** Called with an error that nobody foresaw. */
  readonly report?: (error: unknown) => void
}

export interface Sidecar {
  /** Where it listens. */
  readonly url: string
  /** Takes nothing new, lets what is under way finish, and ends. */
  close(): Promise<void>
}

const bounds = {
  connections: 1024,
  /** Bytes: an Authorization header alone may have 65,536. */
  headers: 96 * 1024,
  /** Milliseconds in which the head of a request, and all of it, must be there. */
  head: 10_000,
  request: 15_000,
  /** Longer than proxies keep their connections. */
  keepAlive: 75_000,
  /** Milliseconds for what is under way when it ends. */
  drain: 8000,
} as const

/**
 * Starts it. It answers 503 until it has heard the feed, where it cannot ask.
 * @throws MacaroonError if a trusted proxy is no network; what `createGuard` throws; Error if it cannot listen there
 */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const { listen, trustedProxies = [], report = () => {}, ...ofGuard } = options
  const trusted = trustedProxies.map(parseNetwork)
  const guard = createGuard(ofGuard)
  const stopping = new AbortController()
  const desk = { guard, trusted, isStopping: () => stopping.signal.aborted }
  const server = createServer(
    {
      maxHeaderSize: bounds.headers,
      headersTimeout: bounds.head,
      requestTimeout: bounds.request,
      keepAliveTimeout: bounds.keepAlive,
    },
    (request, response) => {
      const send = ({ status, headers, body }: Answer) => {
        // What is left of a body that was not read would be taken for the next request.
        const isOver = stopping.signal.aborted || !request.complete
        response.writeHead(status, {
          'content-type': 'application/json; charset=utf-8',
          'cache-control': 'no-store',
          ...(isOver ? { connection: 'close' } : {}),
          ...headers,
        })
        response.end(request.method === 'HEAD' ? undefined : body)
      }
      answer(request, desk).then(send, (error: unknown) => {
        if (request.destroyed && !request.complete) return
        report(error)
        send(refuseWith(503, 'unavailable', 'the guard failed'))
      })
    },
  )
  server.maxConnections = bounds.connections
  server.listen(listen.port, listen.host)
  try {
    await once(server, 'listening')
  } catch (error) {
    guard.close()
    throw error
  }
  void guard.ready()
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : listen.port
  return {
    url: `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}`,
    async close() {
      stopping.abort()
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      const late = setTimeout(() => server.closeAllConnections(), bounds.drain)
      await closed
      clearTimeout(late)
      guard.close()
    },
  }
}
