// A plain way on loopback to an API server, as `kubectl proxy` is one. It can be cut.
import { createServer, request as requestHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { request as requestHttps } from 'node:https'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import type { Access } from '../kubernetes/access.ts'

export interface Relay {
  readonly server: URL
  /** Cuts every connection, and takes none until the returned function is called. */
  readonly cut: () => Promise<() => Promise<void>>
  readonly close: () => Promise<void>
}

export async function startRelay({ server: target, ca, cert, key, token }: Access): Promise<Relay> {
  const sockets = new Set<Duplex>()
  const bearer = typeof token === 'string' ? { authorization: `Bearer ${token}` } : {}
  const keep = (socket: Duplex): void => {
    if (sockets.has(socket)) return
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
  }

  function ask({ method, url, headers }: IncomingMessage) {
    const options = {
      host: target.hostname,
      port: target.port,
      method,
      path: url,
      headers: { ...headers, host: target.host, ...bearer },
      ...(target.protocol === 'https:' ? { ca, cert, key } : {}),
    }
    const asked = target.protocol === 'https:' ? requestHttps(options) : requestHttp(options)
    asked.once('socket', keep)
    return asked
  }

  function pass(request: IncomingMessage, response: ServerResponse): void {
    const asked = ask(request)
    asked.once('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      response.flushHeaders()
      answer.pipe(response)
      answer.once('error', () => response.destroy())
    })
    asked.once('error', () => response.destroy())
    response.once('close', () => asked.destroy())
    request.pipe(asked)
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const asked = ask(request)
    const writeHead = ({ statusCode, statusMessage, rawHeaders }: IncomingMessage): void => {
      const lines = rawHeaders.map((word, index) => (index % 2 === 0 ? `${word}: ` : `${word}\r\n`))
      socket.write(`HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines.join('')}\r\n`)
    }
    asked.once('upgrade', (answer, other, first) => {
      keep(other)
      writeHead(answer)
      socket.write(first)
      other.write(head)
      socket.pipe(other).pipe(socket)
      socket.once('close', () => other.destroy())
      other.once('close', () => socket.destroy())
    })
    asked.once('response', (answer) => {
      writeHead(answer)
      answer.pipe(socket)
    })
    asked.once('error', () => socket.destroy())
    asked.end()
  }

  const open = async (port: number) => {
    const server = createServer(pass)
    server.on('upgrade', upgrade)
    server.on('connection', (socket: Socket) => keep(socket))
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return server
  }
  const closeNow = async (): Promise<void> => {
    const closed = once(here, 'close')
    here.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }

  let here = await open(0)
  const address = here.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return {
    server: new URL(`http://127.0.0.1:${port}`),
    async cut() {
      await closeNow()
      return async () => {
        here = await open(port)
      }
    },
    close: closeNow,
  }
}
