// The HTTP connections of one server: how many there are, what each of them may begin, and how all of them end.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import { networkOf } from './operations/limits.ts'
import type { Turns } from './turns.ts'

export interface Connections {
  /** A server that hands requests to the listener as the bounds allow. */
  createServer(listener: RequestListener): Server
  /** Lets no connection live on once its requests are answered, and none at all after the deadline, in milliseconds. */
  end(deadline: number): void
}

export interface ConnectionBounds {
  /** Open at once, of everybody and of one network. */
  readonly connections: number
  readonly connectionsOfNetwork: number
  /** Begun and not answered, of one connection. */
  readonly requests: number
  /** Read and not begun, of everybody and of one network. */
  readonly waiting: number
  readonly waitingOfNetwork: number
  /** Milliseconds in which a head, and a whole request, arrive; and between two looks at who is late. */
  readonly patience: number
  readonly lookingInterval: number
}

export const connectionBounds: ConnectionBounds = {
  connections: 8192,
  connectionsOfNetwork: 1024,
  requests: 8,
  waiting: 32_768,
  waitingOfNetwork: 4096,
  patience: 30_000,
  lookingInterval: 5_000,
}

// Longer than load balancers keep theirs, so that they close first.
const idlePatience = 72_000
// A header of 64 KiB full of tokens, and room for the others.
const maxHeaderSize = 80 * 1024

/**
 * `trusts` names the proxies through which many people come: they have no bound of their own, and each of their
 * connections waits for its turn by itself.
 */
export function createConnections(options: {
  readonly turns: Turns
  readonly trusts: (address: string) => boolean
  readonly bounds?: ConnectionBounds
}): Connections {
  const { turns, trusts, bounds = connectionBounds } = options
  const servers = new Set<Server>()
  const networks = new Map<string, number>()
  const connections = new Map<Socket, Connection>()
  const waitingOf = new Map<string, number>()
  let waiting = 0
  let opened = 0
  let ending = false

  function open(socket: Socket): void {
    const address = socket.remoteAddress ?? ''
    const shared = trusts(address)
    const network = networkOf(address)
    const ofNetwork = (networks.get(network) ?? 0) + 1
    if (!shared && ofNetwork > bounds.connectionsOfNetwork) {
      socket.destroy()
      return
    }
    opened += 1
    if (!shared) networks.set(network, ofNetwork)
    const line = shared ? `connection ${opened}` : network
    connections.set(socket, { line, begun: new Set(), waiting: [], stopped: false })
    socket.once('close', () => {
      countWaiting(line, -(connections.get(socket)?.waiting.length ?? 0))
      connections.delete(socket)
      if (shared) return
      const left = (networks.get(network) ?? 1) - 1
      if (left === 0) networks.delete(network)
      else networks.set(network, left)
    })
  }

  function countWaiting(line: string, more: number): void {
    waiting += more
    const ofLine = (waitingOf.get(line) ?? 0) + more
    if (ofLine === 0) waitingOf.delete(line)
    else waitingOf.set(line, ofLine)
  }

  /** One more request that was read together with others; where too many wait, the connection ends. */
  function wait(socket: Socket, connection: Connection, next: Exchange): void {
    const { line } = connection
    if (waiting >= bounds.waiting || (waitingOf.get(line) ?? 0) >= bounds.waitingOfNetwork) {
      socket.destroy()
      return
    }
    countWaiting(line, 1)
    connection.waiting.push(next)
    if (connection.stopped) return
    connection.stopped = true
    // Node goes on reading after every request that it has found in what it read: stop behind the last of them.
    process.nextTick(() => {
      if (connection.stopped) socket.pause()
    })
  }

  function begin(listener: RequestListener, socket: Socket, connection: Connection, next: Exchange): void {
    const { request, response } = next
    connection.begun.add(response)
    response.once('close', () => {
      connection.begun.delete(response)
      if (ending && connection.begun.size + connection.waiting.length === 0) socket.end()
      if (socket.destroyed) return
      const following = connection.waiting.shift()
      if (following !== undefined) {
        countWaiting(connection.line, -1)
        begin(listener, socket, connection, following)
      } else if (connection.stopped) {
        connection.stopped = false
        socket.resume()
      }
    })
    turns.take(connection.line, () => {
      // Nobody is there any more: what it would cost is spared.
      if (socket.destroyed) return
      if (ending) response.shouldKeepAlive = false
      listener(request, response)
    })
  }

  return {
    createServer(listener) {
      const server = createServer(
        {
          maxHeaderSize,
          requireHostHeader: false,
          headersTimeout: bounds.patience,
          requestTimeout: bounds.patience,
          connectionsCheckingInterval: bounds.lookingInterval,
          keepAliveTimeout: idlePatience,
        },
        (request, response) => {
          const { socket } = request
          const connection = connections.get(socket)
          if (connection === undefined || socket.destroyed) return
          const next = { request, response }
          if (connection.begun.size < bounds.requests) begin(listener, socket, connection, next)
          else wait(socket, connection, next)
        },
      )
      server.maxConnections = bounds.connections
      server.on('connection', open)
      servers.add(server)
      return server
    },

    end(deadline) {
      ending = true
      for (const { begun } of connections.values()) {
        for (const response of begun) if (!response.headersSent) response.shouldKeepAlive = false
      }
      for (const server of servers) server.closeIdleConnections()
      setTimeout(() => {
        for (const server of servers) server.closeAllConnections()
      }, deadline).unref()
    },
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

interface Connection {
  /** In which it waits for its turns. */
  readonly line: string
  readonly begun: Set<ServerResponse>
  /** Read, and not begun: at most what one read of the socket brings. */
  readonly waiting: Exchange[]
  /** Whether nothing more is read until nothing waits. */
  stopped: boolean
}
