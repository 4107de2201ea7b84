// Where all goes that a client sends elsewhere than to its authority: it is noted, and goes nowhere.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Sink {
  /** For the variables that name proxies. */
  readonly url: string
  /** The hosts that were asked for, each once. */
  readonly heard: () => readonly string[]
  close(): Promise<void>
}

export async function startSink(): Promise<Sink> {
  const heard = new Set<string>()
  const server = createServer((request, response) => {
    heard.add(request.url ?? '')
    response.writeHead(403).end()
  })
  server.on('connect', (request, socket) => {
    heard.add(request.url ?? '')
    socket.on('error', () => undefined)
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard: () => [...heard],
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}
