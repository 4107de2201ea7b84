// How a WebSocket server notices that a client has left: a real server, and clients that answer or do not.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'

import { commandProtocol } from '@hallpass/client/command-stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'

import { acceptSocket, type CommandSocket } from './command-socket.ts'

const clients: { destroy(): void }[] = []
let server: Server
let port = 0
beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  ;({ port } = server.address() as AddressInfo)
})
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy()
  server.close()
})

function accept(patience: { readonly ping: number; readonly idle: number }): Promise<CommandSocket> {
  return new Promise((resolve, reject) => {
    server.once('upgrade', (request: IncomingMessage, _socket: Socket, head: Buffer) => {
      request.followedBy = head
      acceptSocket(request, ['hallpass-token-expires: 2030-01-02T03:04:05.000Z'], patience).then(resolve, reject)
    })
  })
}

/** Completes the handshake, and then sends nothing more. */
function dieSilently(): void {
  const socket = connect(port, '127.0.0.1')
  clients.push(socket)
  const lines = ['GET / HTTP/1.1', 'host: a', 'connection: upgrade', 'upgrade: websocket', 'sec-websocket-version: 13']
  socket.write(`${[...lines, `sec-websocket-key: ${Buffer.alloc(16).toString('base64')}`].join('\r\n')}\r\n\r\n`)
}

function live(): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, commandProtocol)
  clients.push({ destroy: () => socket.terminate() })
  return socket
}

test('a client that answers no ping counts as gone', async () => {
  const accepted = accept({ ping: 20, idle: 60_000 })
  dieSilently()
  await expect((await accepted).gone).rejects.toMatchObject({ code: 'unavailable' })
})

test('a client that answers stays, until neither side has sent anything for too long', async () => {
  const accepted = accept({ ping: 20, idle: 300 })
  const client = live()
  const [{ headers }] = (await once(client, 'upgrade')) as [IncomingMessage]
  expect(headers['hallpass-token-expires']).toBe('2030-01-02T03:04:05.000Z')
  const begun = performance.now()
  await expect((await accepted).gone).rejects.toMatchObject({ code: 'deadline_exceeded' })
  expect(performance.now() - begun).toBeGreaterThan(250)
  expect(client.readyState).toBe(WebSocket.OPEN)
})

test('a client that reads nothing but sends pings stays', async () => {
  const accepted = accept({ ping: 20, idle: 300 })
  const client = live()
  await once(client, 'open')
  client.pause()
  const asking = setInterval(() => client.ping(), 10)
  try {
    await expect((await accepted).gone).rejects.toMatchObject({ code: 'deadline_exceeded' })
  } finally {
    clearInterval(asking)
  }
})
