// Asks an API server of Kubernetes what a test wants to know or to make, one question at a time.
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'

export type Ask = <T = unknown>(method: string, path: string, body?: unknown) => Promise<T>

/**
 * @param server a port of our loopback, the certificate of who signed the server's, and who asks
 * @returns asks, and returns what the JSON says that comes back, or the text; fails with the answer where that is not good
 */
export function createAsk(server: { readonly port: number; readonly ca: string; readonly token: string }): Ask {
  const { port, ca, token } = server
  return async function ask<T>(method: string, path: string, body?: unknown) {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const headers = { authorization: `Bearer ${token}`, 'content-type': type }
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const asked = request({ host: '127.0.0.1', port, path, method, ca, headers, timeout: 30_000 }, resolve)
    asked.on('error', reject)
    asked.on('timeout', () => asked.destroy(new Error('the API server does not answer')))
    asked.end(body === undefined ? undefined : JSON.stringify(body))
    const answer = await promise
    const said = await text(answer)
    if ((answer.statusCode ?? 0) >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${said}`)
    return (answer.headers['content-type']?.includes('json') === true ? JSON.parse(said) : said) as T
  }
}
