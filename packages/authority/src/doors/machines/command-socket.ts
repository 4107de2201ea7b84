// A WebSocket as the client of a command: its messages, how many of them wait, and whether the client is still there.
import { on } from 'node:events'
import type { IncomingMessage } from 'node:http'

import {
  channels,
  commandProtocol,
  longestMessage,
  writeMessage,
  type CommandStatus,
} from '@hallpass/client/command-stream'
import { terminalSize } from '@hallpass/client/contract'
import type { WebSocket } from 'ws'

import { DomainError } from '../../domain/errors.ts'
import type { CommandClient } from '../../operations/machines/open-command.ts'
import { parse } from '../http/parse.ts'

export interface CommandSocket extends CommandClient {
  /** Says how it ended, and closes the connection. */
  end(status: CommandStatus): void
}

/** Milliseconds between two pings, of which one may stay unanswered; and milliseconds without a byte from either side. */
export const usualPatience = { ping: 15_000, idle: 3_600_000 } as const
/** Messages read that wait for the command to take them. */
const mostWaiting = 16
/** Milliseconds that a client has for closing its side. */
const closeTimeout = 2000

/** Why the request cannot become such a WebSocket; undefined if it can. */
export function findHindrance(request: IncomingMessage): string | undefined {
  if (request.followedBy === undefined) {
    return 'this address takes a WebSocket only: the request offers none, or a proxy before the authority took the offer away'
  }
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
  return offered.includes(commandProtocol)
    ? undefined
    : `the WebSocket does not offer the subprotocol ${commandProtocol}`
}

/** Answers the request with 101 and these headers. @throws DomainError if its handshake is wrong, or its client has left */
export async function acceptSocket(
  request: IncomingMessage,
  headers: readonly string[],
  patience: { readonly ping: number; readonly idle: number },
): Promise<CommandSocket> {
  const { WebSocketServer } = await import('ws')
  // A pong behind output that nobody reads would wait with it.
  const options = { noServer: true, clientTracking: false, autoPong: false, closeTimeout, maxPayload: longestMessage }
  // One message in each turn of the event loop, so that many small ones delay nobody.
  const server = new WebSocketServer({
    ...options,
    allowSynchronousEvents: false,
    handleProtocols: () => commandProtocol,
  })
  server.on('headers', (lines) => lines.push(...headers))
  let refusal = left()
  server.on('wsClientError', ({ message }) => {
    refusal = new DomainError('invalid', `the handshake of the WebSocket is wrong: ${message}`)
  })
  let accepted: WebSocket | undefined
  server.handleUpgrade(request, request.socket, request.followedBy ?? Buffer.alloc(0), (socket) => {
    accepted = socket
  })
  if (accepted === undefined) throw refusal
  request.socket.setKeepAlive(true, patience.ping)
  return carry(accepted, patience)
}

function carry(socket: WebSocket, patience: { readonly ping: number; readonly idle: number }): CommandSocket {
  const messages = on(socket, 'message', { close: ['close'], highWaterMark: mostWaiting, lowWaterMark: 1 })
  let isAlive = true
  let [heardAt, isFull] = [performance.now(), false]
  const gone = new Promise<never>((_resolve, reject) => {
    const watch = setInterval(() => {
      const isIdle = performance.now() - heardAt > patience.idle
      if (isIdle)
        reject(new DomainError('deadline_exceeded', 'deadline_exceeded: nothing came from either side for too long'))
      // Answers to pings wait behind unread messages of either side. TCP's keep-alive notices a lost client then.
      else if (!isAlive && !socket.isPaused && !isFull) socket.terminate()
      isAlive = false
      socket.ping()
    }, patience.ping)
    socket.once('close', () => {
      clearInterval(watch)
      reject(left())
    })
  })
  gone.catch(() => {})
  socket.on('message', () => {
    isAlive = true
    heardAt = performance.now()
  })
  socket.on('pong', () => void (isAlive = true))
  socket.on('ping', (data) => {
    isAlive = true
    if (!isFull) socket.pong(data)
  })
  // The reader of the messages gets the error.
  socket.on('error', () => {})

  async function* read(): CommandClient['input'] {
    try {
      for await (const [data, isBinary] of messages as AsyncIterable<readonly [Buffer, boolean]>) {
        const [channel, bytes] = [isBinary ? data[0] : undefined, data.subarray(1)]
        if (channel === channels.end && bytes[0] === channels.input) return
        if (channel === channels.input) yield bytes
        else if (channel === channels.size) yield parse(terminalSize, readJson(bytes), 'the size')
        else throw new DomainError('invalid', 'a message begins with no channel that is known here')
      }
    } catch (error) {
      // A RangeError is the library's, which has closed the connection already.
      throw error instanceof RangeError
        ? new DomainError('invalid', 'the client breaks the rules of WebSockets')
        : error
    } finally {
      socket.resume()
    }
    throw left()
  }

  return {
    input: read(),
    gone,
    async send(stream, bytes) {
      for (let at = 0; at < bytes.length; at += longestMessage - 1) {
        const message = writeMessage(channels[stream], bytes.subarray(at, at + longestMessage - 1))
        isFull = true
        await new Promise<void>((resolve, reject) => {
          socket.send(message, (error) => (error ? reject(left()) : resolve()))
        })
        isFull = false
        heardAt = performance.now()
      }
    },
    end(status) {
      socket.send(writeMessage(channels.status, Buffer.from(JSON.stringify(status))))
      socket.close(1000)
    },
  }
}

function readJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

function left(): DomainError {
  return new DomainError('unavailable', 'the client has left')
}
