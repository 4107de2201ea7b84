// The connections of a sidecar: how many there are, what each may begin, and what they hold.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import { siteOf, type Trusts } from '../forwarded/index.ts'

export interface ConnectionBounds {
  /** Open connections, and those of one site that is no trusted proxy's. */
  readonly connections: number
  readonly connectionsOfSite: number
  /** Requests of one connection that came and are not answered. */
  readonly requestsOfConnection: number
  /**
   * Bytes of requests that are not answered and of answers that are not taken, of all connections, and of one site that is no trusted
   * proxy's; and the milliseconds after which they are counted again.
   */
  readonly bytes: number
  readonly bytesOfSite: number
  readonly weighingInterval: number
}

interface Connection {
  readonly socket: Socket
  /** Undefined for a trusted proxy. */
  readonly site: string | undefined
  begun: number
  /** Of the bytes that were read, those of requests that are answered. */
  answered: number
}

/** Holds the connections of the server to the bounds. The result says whether a request may begin; its connection is over if not. */
export function boundConnections(
  server: Server,
  bounds: ConnectionBounds,
  trusts: Trusts | undefined,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const connections = new Map<Socket, Connection>()
  const ofSite = new Map<string, number>()
  server.maxConnections = bounds.connections
  const weighing = setInterval(weigh, bounds.weighingInterval).unref()
  server.once('close', () => clearInterval(weighing))

  server.on('connection', (socket) => {
    const { remoteAddress: address = '' } = socket
    const site = trusts?.(address) === true ? undefined : siteOf(address)
    if (site !== undefined) {
      const open = (ofSite.get(site) ?? 0) + 1
      if (open > bounds.connectionsOfSite) {
        socket.destroy()
        return
      }
      ofSite.set(site, open)
    }
    connections.set(socket, { socket, site, begun: 0, answered: 0 })
    socket.once('close', () => {
      connections.delete(socket)
      if (site === undefined) return
      const left = (ofSite.get(site) ?? 1) - 1
      if (left === 0) ofSite.delete(site)
      else ofSite.set(site, left)
    })
  })

  /** Ends the connections that hold most, if together they hold too much. */
  function weigh(): void {
    const heavy = [...connections.values()]
      .map(({ socket, site, answered }) => ({
        socket,
        site,
        weight: socket.bytesRead - answered + socket.writableLength,
      }))
      .filter(({ weight }) => weight > 0)
      .sort((one, other) => one.weight - other.weight)
    let bytes = 0
    const bySite = new Map<string, number>()
    for (const { socket, site, weight } of heavy) {
      const sum = site === undefined ? 0 : (bySite.get(site) ?? 0) + weight
      if (bytes + weight > bounds.bytes || sum > bounds.bytesOfSite) {
        socket.destroy()
        continue
      }
      bytes += weight
      if (site !== undefined) bySite.set(site, sum)
    }
  }

  return ({ socket }, response) => {
    const connection = connections.get(socket)
    if (connection === undefined || socket.destroyed) return false
    // Node.js parses all that a client sends without waiting for an answer: hundreds of requests in one read, of which each takes memory
    // and time. Proxies and services wait.
    if (connection.begun >= bounds.requestsOfConnection) {
      socket.destroy()
      return false
    }
    connection.begun += 1
    response.once('close', () => {
      connection.begun -= 1
      if (connection.begun === 0) connection.answered = socket.bytesRead
    })
    return true
  }
}
