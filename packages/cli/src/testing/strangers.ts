// For tests: what listens on this machine and is no authority.
import { execFileSync } from 'node:child_process'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** Servers that are closed together, with all their connections. */
export function createStrangers() {
  const running: { readonly server: Server; readonly sockets: Set<Socket> }[] = []

  /** The port that the server listens at, on this machine. */
  async function listen(server: Server): Promise<number> {
    const sockets = new Set<Socket>()
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    })
    running.push({ server, sockets })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }

  /** The address of a server that does this with the first bytes that it is sent. */
  const serve = async (answer: (socket: Socket) => void) =>
    `http://127.0.0.1:${await listen(createServer((socket) => socket.once('data', () => answer(socket))))}`

  const serveHttp = async (answer: RequestListener) => `http://127.0.0.1:${await listen(createHttpServer(answer))}`

  const close = async () => {
    for (const { server, sockets } of running.splice(0)) {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    }
  }
  return { listen, serve, serveHttp, close }
}

export const hasOpenssl = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    process.stderr.write('skipped: without openssl there is no certificate to speak TLS with\n')
    return false
  }
})()
