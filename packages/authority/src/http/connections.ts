// The HTTP connections of one server: how many there are, what each of them may begin, and how all of them end.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import { networkOf } from '../operations/perform/limits.ts'
import type { Turns } from './turns.ts'

export interface Connections {
  /** A server that hands requests to the listener as the bounds allow. */
  createServer(listener: RequestListener): Server
  /** Takes nothing more from a connection, and refuses it once all that it asked before is answered. */
  break(socket: Socket, refuse: () => void): void
  /** Lets no connection live on once its requests are answered, and none at all after the deadline, in milliseconds. */
  end(deadline: number): void
}

export interface ConnectionBounds {
  /** Open at once, of everybody and of one network. */
  readonly connections: number
  readonly connectionsOfNetwork: number
  /** Begun and not answered, of one connection. */
  readonly requests: number
  /** Bytes read and not parsed, or answered and not sent, of everybody and of one network. */
  readonly bytes: number
  readonly bytesOfNetwork: number
  /** Milliseconds in which a head, and a whole request, arrive; and between two looks at who is late. */
  readonly patience: number
  readonly lookingInterval: number
  /** Milliseconds in which some part of an answer is taken; and between two looks at how many bytes there are. */
  readonly readingPatience: number
  readonly weighingInterval: number
  /** Milliseconds in which every connection is read in pieces, after one of them has sent requests without waiting. */
  readonly caution: number
}

export const connectionBounds: ConnectionBounds = {
  connections: 8192,
  connectionsOfNetwork: 1024,
  requests: 8,
  bytes: 256 * 1024 * 1024,
  bytesOfNetwork: 64 * 1024 * 1024,
  patience: 30_000,
  lookingInterval: 5_000,
  readingPatience: 120_000,
  weighingInterval: 500,
  caution: 600_000,
}

/** Milliseconds: longer than load balancers keep theirs, of which the largest clouds keep 600 seconds, so that they close first. */
export const usualKeepAlive = 620_000
// A header of 64 KiB full of tokens, and room for the others.
const maxHeaderSize = 80 * 1024
const endOfHead = Buffer.from('\r\n\r\n')
const nothing = Buffer.alloc(0)

/**
 * `trusts` names the proxies through which many people come: they have no bound of their own, and each of their
 * connections waits for its turn by itself.
 */
export function createConnections(options: {
  readonly turns: Turns
  /** Milliseconds of a clock that only goes on. */
  readonly now: () => number
  readonly trusts: (address: string) => boolean
  readonly bounds?: ConnectionBounds
  /** Milliseconds that a connection without a request is kept. */
  readonly keepAlive?: number
  /** Told why a connection of this network was ended, where its other end hears nothing of it. */
  readonly tell?: (network: string, why: string) => void
}): Connections {
  const { turns, now, trusts, bounds = connectionBounds, keepAlive = usualKeepAlive, tell = () => {} } = options
  const servers = new Set<Server>()
  const networks = new Map<string, number>()
  const connections = new Map<Socket, Connection>()
  const weighing = setInterval(weigh, bounds.weighingInterval).unref()
  let opened = 0
  let ending = false
  let cautiousUntil = -Infinity

  function open(socket: Socket): void {
    const address = socket.remoteAddress ?? ''
    const shared = trusts(address)
    const network = networkOf(address)
    const ofNetwork = (networks.get(network) ?? 0) + 1
    if (!shared && ofNetwork > bounds.connectionsOfNetwork) {
      tell(network, `its network has ${bounds.connectionsOfNetwork} connections already`)
      socket.destroy()
      return
    }
    opened += 1
    if (!shared) networks.set(network, ofNetwork)
    const connection: Connection = {
      socket,
      line: shared ? `connection ${opened}` : network,
      parse: undefined,
      begun: new Set(),
      parsed: [],
      held: nothing,
      waits: false,
      refuse: undefined,
      end: undefined,
    }
    connections.set(socket, connection)
    const end = takeEnd(socket, () => {
      connection.end = end
      endIfAnswered(connection)
    })
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
   * One connection sent a request before the last one was answered. No honest client does: from now on all are read in
   * pieces, which costs each request some microseconds.
   */
  function beCautious(): void {
    const already = now() < cautiousUntil
    cautiousUntil = now() + bounds.caution
    // Once its parser has ended its work, and before any other connection is read.
    if (!already) process.nextTick(() => connections.forEach((connection) => readInPieces(connection)))
  }

  function readInPieces(connection: Connection): void {
    const { socket } = connection
    if (connection.parse !== undefined || socket.destroyed) return
    connection.parse = takeReading(socket, (bytes) => hold(connection, bytes))
    socket.on('resume', () => {
      // Node wants more, and there is more already.
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

  /** Begins what is parsed and parses what is held, a request a turn, as far as it may go on. */
  function attend(connection: Connection): void {
    if (connection.waits || !mayGoOn(connection)) return
    connection.waits = true
    turns.take(connection.line, () => {
      if (mayGoOn(connection)) goOn(connection)
      connection.waits = mayGoOn(connection)
      endIfAnswered(connection)
      return connection.waits
    })
  }

  function mayGoOn({ socket, parsed, held, begun }: Connection): boolean {
    if (socket.destroyed || begun.size >= bounds.requests) return false
    return parsed.length > 0 || (held.length > 0 && !hasPausedParser(socket))
  }

  function goOn(connection: Connection): void {
    if (connection.parsed.length === 0) parsePiece(connection)
    const next = connection.parsed.shift()
    if (next !== undefined) begin(connection, next)
  }

  /** Up to the end of a head: what brings one request and no more. */
  function parsePiece(connection: Connection): void {
    const { socket, held, parse } = connection
    const head = held.indexOf(endOfHead)
    const end = head === -1 ? held.length : head + endOfHead.length
    connection.held = held.subarray(end)
    // First, so that Node can pause again when it is given the piece.
    if (connection.held.length === 0 && socket.isPaused()) socket.resume()
    parse?.(held.subarray(0, end))
  }

  function begin(connection: Connection, { listener, request, response }: Exchange): void {
    const { socket, begun } = connection
    begun.add(response)
    response.once('close', () => {
      begun.delete(response)
      refuseIfAnswered(connection)
      if (ending && begun.size + connection.parsed.length + connection.held.length === 0) socket.end()
      attend(connection)
      endIfAnswered(connection)
    })
    if (ending || losesWhatFollows(request)) response.shouldKeepAlive = false
    listener(request, response)
  }

  function refuseIfAnswered({ socket, parsed, begun, refuse }: Connection): void {
    // What did not arrive whole is what is refused.
    if (parsed.some(({ request }) => request.complete) || [...begun].some(({ req }) => req.complete)) return
    // An answer that is the last one ends the connection by itself.
    if (socket.writable) refuse?.()
  }

  /**
   * Whoever has said all that they ask hears every answer, and then the end. What did not arrive whole never will, and is
   * refused at once, by the end that Node comes to.
   */
  function endIfAnswered(connection: Connection): void {
    const { parsed, held, begun, end } = connection
    if (end === undefined || held.length > 0) return
    const isComplete = [...parsed.map(({ request }) => request), ...[...begun].map(({ req }) => req)].every(
      ({ complete }) => complete,
    )
    if (isComplete && begun.size + parsed.length > 0) return
    connection.end = undefined
    end()
  }

  /** Ends the connections that hold most, where together they hold too much. */
  function weigh(): void {
    const heavy = [...connections.values()]
      .map((connection) => ({ ...connection, weight: weightOf(connection) }))
      .filter(({ weight }) => weight > 0)
      .sort((one, other) => one.weight - other.weight)
    let bytes = 0
    const ofLine = new Map<string, number>()
    for (const { socket, line, weight } of heavy) {
      const sum = (ofLine.get(line) ?? 0) + weight
      if (bytes + weight > bounds.bytes || sum > bounds.bytesOfNetwork) {
        tell(
          networkOf(socket.remoteAddress ?? ''),
          `${weight} bytes wait for it, which is too much with those of others`,
        )
        socket.destroy()
        continue
      }
      bytes += weight
      ofLine.set(line, sum)
    }
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
          keepAliveTimeout: keepAlive,
        },
        (request, response) => {
          const connection = connections.get(request.socket)
          if (connection === undefined || request.socket.destroyed) return
          if (connection.begun.size + connection.parsed.length > 0) beCautious()
          connection.parsed.push({ listener, request, response })
          attend(connection)
        },
      )
      server.maxConnections = bounds.connections
      server.timeout = bounds.readingPatience
      server.on('connection', open)
      server.on('drop', ({ remoteAddress = '' } = {}) => {
        tell(networkOf(remoteAddress), `there are ${bounds.connections} connections already`)
      })
      servers.add(server)
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

/**
 * Node hands all that one read brings to its parser at once, a thousand small requests in 64 KiB, and nothing stops the
 * parser on the way. This takes the bytes first; what it returns gives them to the parser.
 */
function takeReading(socket: Socket, hold: (bytes: Buffer) => void): (bytes: Buffer) => void {
  const [parse] = socket.listeners('data')
  if (parse === undefined) throw new Error('node:http does not listen to its socket')
  // With a listener of ours, Node gives up reading below JavaScript.
  socket.on('data', hold)
  socket.off('data', parse as (bytes: Buffer) => void)
  // Where Node had stopped to read there, the stream does not know of it.
  socket._read(0)
  return parse as (bytes: Buffer) => void
}

/**
 * Node ends a connection as soon as its other end has said all, and with it the answers that are not made yet. This hears of
 * that in its place; what it returns does what Node does.
 */
function takeEnd(socket: Socket, hear: () => void): () => void {
  const end = socket.listeners('end').find(({ name }) => name.endsWith('socketOnEnd'))
  if (end === undefined) throw new Error('node:http does not listen to the end of its socket')
  socket.off('end', end)
  socket.on('end', hear)
  return end
}

/** Node drops what comes behind the body of a request that offers another protocol: its sender is not to wait for an answer. */
function losesWhatFollows({ headers }: IncomingMessage): boolean {
  return headers.upgrade !== undefined && headers['content-length'] !== undefined
}

/** Whether Node waits until answers are sent, and takes no bytes before. It says so nowhere else. */
function hasPausedParser(socket: Socket): boolean {
  return (socket as Socket & { readonly _paused?: boolean })._paused === true
}

/** Bytes that are held for it: not parsed yet, and not sent yet. */
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
  /** In which it waits for its turns. */
  readonly line: string
  /** Node's parser, where it is given pieces. */
  parse: ((bytes: Buffer) => void) | undefined
  readonly begun: Set<ServerResponse>
  /** Parsed and not begun: what came in one read, before the reading in pieces. */
  parsed: Exchange[]
  /** Read and not parsed: at most what two reads of the socket bring. */
  held: Buffer
  /** Whether it waits for its turn. */
  waits: boolean
  /** What is called once the requests before a broken one are answered. */
  refuse: (() => void) | undefined
  /** Node's way to end it, once its other end has said all. */
  end: (() => void) | undefined
}
