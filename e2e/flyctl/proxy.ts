// Stands between a client and an authority, hands everything on as it is, and remembers what was said.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Exchange {
  readonly method: string
  readonly path: string
  /** Those that matter to the authority. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly status: number
  readonly answer: string
}

export interface Proxy {
  readonly url: string
  /** All that was said until now, in the order of the answers. */
  readonly exchanges: readonly Exchange[]
  close(): Promise<void>
}

const kept = ['authorization', 'content-type', 'fly-machine-lease-nonce']

/** `rewrite` may change the body of a request on its way, as an older client would have sent it. */
export async function startProxy(
  target: () => string,
  rewrite: (path: string, body: string) => string = (_path, body) => body,
): Promise<Proxy> {
  const exchanges: Exchange[] = []
  const server = createServer((request, response) => {
    void (async () => {
      const { method = '', url: path = '' } = request
      const headers = Object.fromEntries(kept.flatMap((name) => pick(request, name)))
      const body = rewrite(path, await read(request))
      const answered = await fetch(target() + path, {
        method,
        headers: { ...headers, 'user-agent': request.headers['user-agent'] ?? '' },
        redirect: 'manual',
        ...(body === '' ? {} : { body }),
      })
      const answer = await answered.text()
      exchanges.push({ method, path, headers, body, status: answered.status, answer })
      const told = ['content-type', 'fly-request-id', 'retry-after'].flatMap((name) => {
        const value = answered.headers.get(name)
        return value === null ? [] : [[name, value]]
      })
      response.writeHead(answered.status, Object.fromEntries(told))
      response.end(answer)
    })().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

function pick(request: IncomingMessage, name: string): [string, string][] {
  const value = request.headers[name]
  return typeof value === 'string' ? [[name, value]] : []
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
