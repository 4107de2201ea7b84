// Connects this machine's loopback with the network of a box, in both directions.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

import type { Box } from './box.ts'

/** Makes an address that is reached from inside of a box a port of our loopback; returns the port. */
export async function reach(
  box: Box,
  host: string,
  port: number,
): Promise<{ readonly port: number; readonly close: () => void }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const own = (server.address() as AddressInfo).port
  const child = runInside(box)
  child.send({ host, port }, server)
  server.close()
  await once(child, 'message')
  return { port: own, close: () => void child.kill('SIGKILL') }
}

/** Makes a port of our loopback, or a socket at a path, an address inside of a box. */
export async function expose(
  box: Box,
  host: string,
  port: number,
  own: number | string,
): Promise<{ readonly close: () => void }> {
  const child = runInside(box)
  child.send({ listen: { host, port } })
  const server = await new Promise<Server>((resolve) => {
    child.once('message', (_message, handle) => resolve(handle as Server))
  })
  server.on('connection', (socket) => join(socket, connectTo(own)))
  return {
    close() {
      server.close()
      child.kill('SIGKILL')
    },
  }
}

function runInside(box: Box): ChildProcess {
  const [program, ...words] = box.network
  return spawn(program, [...words, process.execPath, import.meta.filename], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

function connectTo(own: number | string): Socket {
  return typeof own === 'number' ? connect(own, '127.0.0.1') : connect(own)
}

function join(socket: Socket, other: Socket): void {
  for (const [from, to] of [
    [socket, other],
    [other, socket],
  ] as const) {
    from.setNoDelay(true)
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
    from.pipe(to)
  }
}

interface Order {
  readonly host: string
  readonly port: number
  readonly listen?: { readonly host: string; readonly port: number }
}

if (import.meta.main) {
  process.once('disconnect', () => process.exit())
  process.once('message', (order: Order, handle) => {
    if (order.listen === undefined) {
      ;(handle as Server).on('connection', (socket) => join(socket, connect(order.port, order.host)))
      process.send?.('ready')
      return
    }
    const server = createServer().listen(order.listen.port, order.listen.host)
    // Both would accept connections, and nobody would answer those that this process has.
    server.once('listening', () => process.send?.('ready', server, {}, () => server.close()))
  })
}
