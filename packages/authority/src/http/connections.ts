// The HTTP connections of a server: how many there are, what each may begin, and how they end.
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import { networkOf } from '../operations/perform/limits.ts'
import { connectionBounds, usualKeepAlive, type ConnectionBounds } from './connection-bounds.ts'
import { hasPausedParser, losesWhatFollows, takeEnd, takeReading } from './node-socket.ts'
import type { Turns } from './turns.ts'

export interface Connections {
  /**
   * A server that passes requests to the listener as the limits allow. With `only`, all that comes to it counts as this one
   * network, which has few connections: it listens where nobody has an address.
   */
  createServer(listener: RequestListener, only?: string): Server
  /** Reads nothing more from a connection, and refuses it once its earlier requests are answered. */
  break(socket: Socket, refuse: () => void): void
  /** Ends each connection once its requests are answered, and all of them after the deadline, in milliseconds. */
  end(deadline: number): void
}

declare module 'node:http' {
  interface IncomingMessage {
    /** Of a request that offers a WebSocket, which alone has it: what was read behind it. */
    followedBy?: Buffer
  }
}

// A header of 64 KiB of tokens, and room for the others.
const maxHeaderSize = 80 * 1024
/** Characters of the tokens of a light request: several tokens, which take a millisecond to verify. */
const longestOfLight = 4096
/** Light requests that begin together, before it is known how long they take. */
const atFirstTogether = 8
const endOfHead = Buffer.from('\r\n\r\n')
const nothing = Buffer.alloc(0)

/**
 * `trusts` recognizes proxies through which many people come: they have no limit of their own, and each of their
 * connections has its own line.
 */
export function createConnections(options: {
  readonly turns: Turns
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number
  readonly trusts: (address: string) => boolean
  readonly bounds?: ConnectionBounds
  /** How long an idle connection is kept, in milliseconds. */
  readonly keepAlive?: number
  /** Called when the first connection comes. */
  readonly onFirst?: (() => void) | undefined
  /** Called with the reason when a connection of this network is ended without an answer. */
  readonly report?: (network: string, why: string) => void
}): Connections {
  const {
    turns,
    now,
    trusts,
    bounds = connectionBounds,
    keepAlive = usualKeepAlive,
    onFirst,
    report = () => {},
  } = options
  const servers = new Set<Server>()
  const networks = new Map<string, number>()
  const connections = new Map<Socket, Connection>()
  const gathered: Connection[] = []
  /** How many of them begin together now. */
  let together = Math.min(atFirstTogether, bounds.together)
  const weighing = setInterval(weigh, bounds.weighingInterval).unref()
  let opened = 0
  let ending = false
  let cautiousUntil = -Infinity

  function open(socket: Socket, only: string | undefined): void {
    const address = only ?? socket.remoteAddress
    // Its client has reset it already. What it sent can be read, but counts for no network.
    if (address === undefined) {
      socket.destroy()
      return
    }
    const shared = only === undefined && trusts(address)
    const network = networkOf(address)
    const ofNetwork = (networks.get(network) ?? 0) + 1
    if (!shared && ofNetwork > bounds.connectionsOfNetwork) {
      report(network, `its network already has ${bounds.connectionsOfNetwork} connections`)
      socket.destroy()
      return
    }
    opened += 1
    if (opened === 1) onFirst?.()
    if (!shared) networks.set(network, ofNetwork)
    const connection: Connection = {
      socket,
      network,
      line: shared ? `connection ${opened}` : network,
      parse: undefined,
      begun: [],
      parsed: [],
      held: nothing,
      waits: false,
      goOn: () => {
        if (mayGoOn(connection)) goOn(connection)
        connection.waits = mayGoOn(connection)
        endIfAnswered(connection)
        return connection.waits
      },
      refuse: undefined,
      end: undefined,
      hold: (bytes) => hold(connection, bytes),
      hearEnd: () => {
        connection.end = end
        endIfAnswered(connection)
      },
    }
    connections.set(socket, connection)
    const end = takeEnd(socket, connection.hearEnd)
    if (now() < cautiousUntil) readInPieces(connection)
    socket.once('close', () => {
      connections.delete(socket)
      connection.parsed = []
      connection.held = nothing
      if (shared) return
      const left = (networks.get(network) ?? 1) - 1
      if (left === 0) networks.delete(network)
      else networks.set(network, left)
    })
  }

  /**
   * A connection sent a request before the last one was answered. Honest clients do not. From now on all connections
   * are read in pieces, which costs each request some microseconds.
   */
  function beCautious(): void {
    const already = now() < cautiousUntil
    cautiousUntil = now() + bounds.caution
    // After its parser has finished, and before any other connection is read.
    if (!already) process.nextTick(() => connections.forEach((connection) => readInPieces(connection)))
  }

  function readInPieces(connection: Connection): void {
    const { socket } = connection
    if (connection.parse !== undefined || socket.destroyed) return
    connection.parse = takeReading(socket, connection.hold)
    socket.on('resume', () => {
      // Node wants to read more, but there are held bytes already.
      if (connection.held.length === 0) return
      socket.pause()
      attend(connection)
    })
  }

  function hold(connection: Connection, bytes: Buffer): void {
    if (connection.refuse !== undefined) {
      if (!connection.socket.writable) connection.socket.destroy()
      return
    }
    connection.held = connection.held.length === 0 ? bytes : Buffer.concat([connection.held, bytes])
    attend(connection)
    if (connection.held.length > 0) connection.socket.pause()
  }

  /** Begins parsed requests and parses held bytes, one request a turn, as far as allowed. */
  function attend(connection: Connection): void {
    if (connection.waits || !mayGoOn(connection)) return
    connection.waits = true
    turns.take(connection.line, connection.goOn)
  }

  /** Begins light requests together, so that the processor does each step for all of them while it has its code at hand. */
  function gather(connection: Connection): void {
    if (gathered.push(connection) === 1) setImmediate(beginTogether)
  }

  function beginTogether(): void {
    const began = now()
    const some = gathered.splice(0, together)
    for (const connection of some) attend(connection)
    // After the promise jobs of these.
    queueMicrotask(() => {
      process.nextTick(() => {
        // As TCP does with its window.
        if (some.length > 1 && now() - began > bounds.timeTogether) together = Math.ceil(together / 2)
        else if (some.length === together) together = Math.min(together + 1, bounds.together)
        if (gathered.length > 0) beginTogether()
      })
    })
  }

  function mayGoOn({ socket, parsed, held, begun }: Connection): boolean {
    if (socket.destroyed || begun.length >= bounds.requests) return false
    return parsed.length > 0 || (held.length > 0 && !hasPausedParser(socket))
  }

  function goOn(connection: Connection): void {
    if (connection.parsed.length === 0) parsePiece(connection)
    const next = connection.parsed.shift()
    if (next !== undefined) begin(connection, next)
  }

  /** Parses up to the end of a head, which brings at most one request. */
  function parsePiece(connection: Connection): void {
    const { socket, held, parse } = connection
    const head = held.indexOf(endOfHead)
    const end = head === -1 ? held.length : head + endOfHead.length
    connection.held = held.subarray(end)
    // First, so that Node can pause again when it gets the piece.
    if (connection.held.length === 0 && socket.isPaused()) socket.resume()
    parse?.(held.subarray(0, end))
  }

  function begin(connection: Connection, { listener, request, response }: Exchange): void {
    const { socket, begun } = connection
    begun.push(response)
    // Not `once`: the event comes only once, and removing the listener would cost more than the rest of this.
    response.on('close', () => {
      takeOut(begun, response)
      refuseIfAnswered(connection)
      if (ending && begun.length + connection.parsed.length + connection.held.length === 0) socket.end()
      attend(connection)
      endIfAnswered(connection)
    })
    if (ending || losesWhatFollows(request)) response.shouldKeepAlive = false
    listener(request, response)
  }

  /** A request that offers a WebSocket: what follows it is no HTTP. */
  function attendLast(connection: Connection, listener: RequestListener, request: IncomingMessage, head: Buffer): void {
    const { socket, held } = connection
    socket.off('data', connection.hold).off('end', connection.hearEnd)
    // Node has taken its own listener away.
    socket.on('error', () => {})
    request.followedBy = Buffer.concat([head, held])
    connection.held = nothing
    connection.parse = () => {}
    const { ServerResponse } = process.getBuiltinModule('node:http')
    const response = new ServerResponse(request)
    response.shouldKeepAlive = false
    response.assignSocket(socket)
    response.on('finish', () => {
      response.detachSocket(socket)
      socket.destroySoon()
    })
    connection.parsed.push({ listener, request, response })
    attend(connection)
  }

  function refuseIfAnswered({ socket, parsed, begun, refuse }: Connection): void {
    if (refuse === undefined) return
    // An incomplete request is what is refused.
    if (parsed.some(({ request }) => request.complete) || begun.some(({ req }) => req.complete)) return
    // The last answer ends the connection by itself.
    if (socket.writable) refuse()
  }

  /**
   * A client that has closed its side gets every answer, and then the connection ends. An incomplete request can never
   * arrive, and is refused at once when Node sees the end.
   */
  function endIfAnswered(connection: Connection): void {
    const { parsed, held, begun, end } = connection
    if (end === undefined || held.length > 0) return
    const isComplete = [...parsed.map(({ request }) => request), ...begun.map(({ req }) => req)].every(
      ({ complete }) => complete,
    )
    if (isComplete && begun.length + parsed.length > 0) return
    connection.end = undefined
    end()
  }

  /** Ends the connections that hold most, if together they hold too much. */
  function weigh(): void {
    const heavy = [...connections.values()]
      .map((connection) => ({ ...connection, weight: weightOf(connection) }))
      .filter(({ weight }) => weight > 0)
      .sort((one, other) => one.weight - other.weight)
    let bytes = 0
    const ofLine = new Map<string, number>()
    for (const { socket, network, line, weight } of heavy) {
      const sum = (ofLine.get(line) ?? 0) + weight
      if (bytes + weight > bounds.bytes || sum > bounds.bytesOfNetwork) {
        report(network, `it holds ${weight} bytes, too many together with the others`)
        socket.destroy()
        continue
      }
      bytes += weight
      ofLine.set(line, sum)
    }
  }

  return {
    createServer(listener, only) {
      // An import of node:http would also load all that it exports, and `fetch` with it.
      const server = process.getBuiltinModule('node:http').createServer(
        {
          maxHeaderSize,
          requireHostHeader: false,
          headersTimeout: bounds.patience,
          requestTimeout: bounds.patience,
          connectionsCheckingInterval: bounds.lookingInterval,
          keepAliveTimeout: keepAlive,
          shouldUpgradeCallback(request) {
            const { begun, parsed } = connections.get(request.socket) ?? { begun: [], parsed: [] }
            return offersSocket(request) && begun.length + parsed.length === 0
          },
        },
        (request, response) => {
          const connection = connections.get(request.socket)
          if (connection === undefined || request.socket.destroyed) return
          if (connection.begun.length + connection.parsed.length > 0) beCautious()
          connection.parsed.push({ listener, request, response })
          if (connection.parse === undefined && isLight(request)) gather(connection)
          else attend(connection)
        },
      )
      server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
        const connection = connections.get(socket)
        if (connection === undefined || socket.destroyed) socket.destroy()
        else attendLast(connection, listener, request, head)
      })
      server.maxConnections = only === undefined ? bounds.connections : bounds.connectionsOfOnly
      server.timeout = bounds.readingPatience
      server.on('connection', (socket) => open(socket, only))
      server.on('drop', ({ remoteAddress = '' } = {}) => {
        report(only ?? networkOf(remoteAddress), `there are already ${server.maxConnections} connections`)
      })
      servers.add(server)
      server.on('close', () => servers.delete(server))
      return server
    },

    break(socket, refuse) {
      const connection = connections.get(socket)
      if (connection === undefined || !socket.writable) {
        refuse()
        return
      }
      if (connection.refuse !== undefined) return
      connection.refuse = refuse
      connection.held = nothing
      refuseIfAnswered(connection)
    },

    end(deadline) {
      ending = true
      clearInterval(weighing)
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

/** The offer of a WebSocket, without a body. */
function offersSocket({ method, headers }: IncomingMessage): boolean {
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && !hasBody
}

/** It has few tokens to verify, and no body; or a short body alone, as when a service asks what tokens are. */
function isLight({ method, headers }: IncomingMessage): boolean {
  const { authorization = '', cookie = '' } = headers
  if (method === 'GET' || method === 'HEAD') return authorization.length <= longestOfLight
  return authorization + cookie === '' && Number(headers['content-length']) <= longestOfLight
}

/** Not a set: V8 gives one a new table every few requests, and each table keeps the next from being collected. */
function takeOut(begun: ServerResponse[], response: ServerResponse): void {
  const last = begun.pop()
  if (last !== undefined && last !== response) begun[begun.indexOf(response)] = last
}

/** Bytes held for the connection: not parsed yet, and not sent yet. */
function weightOf({ socket, held, begun }: Connection): number {
  let weight = socket.readableLength + held.length
  for (const response of begun) weight += response.writableLength
  return weight
}

interface Exchange {
  readonly listener: RequestListener
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

interface Connection {
  readonly socket: Socket
  readonly network: string
  /** The line in which it waits. */
  readonly line: string
  /** Node's parser, if it is fed in pieces. */
  parse: ((bytes: Buffer) => void) | undefined
  readonly begun: ServerResponse[]
  /** Requests parsed and not begun: from one read before the reading in pieces. */
  parsed: Exchange[]
  /** Bytes read and not parsed: at most two reads of the socket. */
  held: Buffer
  /** Whether it waits for its turn. */
  waits: boolean
  /** Does one piece of what it holds; returns whether there is another. */
  readonly goOn: () => boolean
  /** Called once the requests before a broken one are answered. */
  refuse: (() => void) | undefined
  /** Node's function that ends it, once its other side has closed. */
  end: (() => void) | undefined
  /** Our listeners of its socket. */
  readonly hold: (bytes: Buffer) => void
  readonly hearEnd: () => void
}
