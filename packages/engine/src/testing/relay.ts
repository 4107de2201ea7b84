// A plain way on loopback to an API server, as `kubectl proxy` is one. It can be cut, and what passes be written down.
import { createServer, request as requestHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { request as requestHttps } from 'node:https'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import { WebSocket, WebSocketServer } from 'ws'

import type { Access } from '../kubernetes/access.ts'
import type { Recorder } from './recorder.ts'

export interface Relay {
  readonly server: URL
  /** Cuts every connection, and takes none until the returned function is called. */
  readonly cut: () => Promise<() => Promise<void>>
  readonly close: () => Promise<void>
}

export async function startRelay(
  { server: target, ca, cert, key, token }: Access,
  recorder?: Recorder,
): Promise<Relay> {
  const sockets = new Set<Duplex>()
  const bearer = typeof token === 'string' ? { authorization: `Bearer ${token}` } : {}
  const tls = target.protocol === 'https:' ? { ca, cert, key } : {}
  const keep = (socket: Duplex): void => {
    if (sockets.has(socket)) return
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '', headers } = request
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const options = {
      host: target.hostname,
      port: target.port,
      method,
      path: url,
      headers: { ...headers, host: target.host, ...bearer },
      ...tls,
    }
    const id = recorder?.asked(method, url, body.toString())
    const asked = target.protocol === 'https:' ? requestHttps(options) : requestHttp(options)
    asked.once('socket', keep)
    asked.once('response', (answered) => {
      response.writeHead(answered.statusCode ?? 502, answered.headers)
      response.flushHeaders()
      if (recorder !== undefined) listen(recorder, { id, method, url }, answered)
      answered.pipe(response)
      answered.once('error', () => response.destroy())
    })
    asked.once('error', () => response.destroy())
    response.once('close', () => asked.destroy())
    asked.end(body)
  }

  /** Hears each part before it is passed on. */
  function listen(to: Recorder, request: Parameters<Recorder['answered']>[0], answer: IncomingMessage): void {
    const { id, url } = request
    const isWatch = url.includes('watch=true')
    const isLog = url.includes('/log?') && (answer.statusCode ?? 0) < 300
    let text = ''
    answer.on('data', (chunk: Buffer) => {
      if (isLog && id !== undefined) return to.bytes(id, chunk)
      text += chunk.toString('latin1')
      if (!isWatch) return
      const lines = text.split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) to.told(Buffer.from(line, 'latin1').toString())
    })
    answer.once('end', () => {
      if (isLog && id !== undefined) to.ended(id)
      else if (!isWatch) to.answered(request, answer.statusCode ?? 0, Buffer.from(text, 'latin1').toString())
    })
  }

  const clients = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered][0] ?? false })
  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { url = '', headers } = request
    const id = recorder?.asked('GET', url, '') ?? 0
    const scheme = target.protocol === 'https:' ? 'wss' : 'ws'
    const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((one) => one.trim())
    const other = new WebSocket(`${scheme}://${target.host}${url}`, protocols, { ...tls, headers: bearer })
    other.once('upgrade', ({ socket: own }) => keep(own))
    other.on('error', () => socket.destroy())
    other.once('open', () => {
      other.pause()
      clients.handleUpgrade(request, socket, head, (client) => {
        client.on('error', () => other.terminate())
        client.on('message', (data: Buffer) => {
          recorder?.input(id)
          pass(client, other, data)
        })
        other.on('message', (data: Buffer) => {
          recorder?.bytes(id, data)
          pass(other, client, data)
        })
        client.once('close', () => other.terminate())
        other.once('close', () => {
          recorder?.ended(id)
          client.close()
        })
        other.resume()
      })
    })
  }

  const open = async (port: number) => {
    const server = createServer((request, response) => {
      answer(request, response).catch(() => response.destroy())
    })
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

/** Who sends faster than the other reads waits. */
function pass(from: WebSocket, to: WebSocket, data: Buffer): void {
  to.send(data, () => to.bufferedAmount > mostWaiting || from.resume())
  if (to.bufferedAmount > mostWaiting) from.pause()
}

/** Bytes. */
const mostWaiting = 2 ** 18
