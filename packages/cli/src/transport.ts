// HTTP requests instead of `fetch`, which takes Node.js longer to load than a whole command runs.
import type { Agent, IncomingMessage } from 'node:http'
import type { Duplex, Readable, Transform } from 'node:stream'

import type { Fetch, FetchAnswer } from '@hallpass/client'

import type { Environment } from './environment.ts'
import { readProxies } from './proxies.ts'

/** Milliseconds within which a proxy must connect, and after which an idle connection is closed. */
const patience = 15_000
/** Of answers that only announce another. */
const mostAnnouncements = 100
/** One in another. */
const mostPackings = 5

/**
 * A `fetch` that uses the proxies of the environment, and keeps its connections. It throws the errors of `node:http`,
 * and the reason of an aborted signal.
 * @throws CommandError `misused` if a proxy variable's value is no address
 */
export function createFetch(environment: Environment): Fetch {
  const proxiesFor = readProxies(environment)
  const agents = new Map<string, Agent>()
  const sockets: Duplex[] = []

  return async (address, { method, headers, body, signal }) => {
    const url = new URL(address)
    // What loads `node:http` by `import` loads all that it exports, and fetch with it.
    const http = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http')
    let agent = agents.get(url.origin)
    if (agent === undefined) {
      agent = new http.Agent({ keepAlive: true, timeout: patience, proxyEnv: proxiesFor(url) })
      keepSockets(agent, sockets)
      agents.set(url.origin, agent)
    }
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const request = http.request(url, {
      method,
      headers: { ...headers, ...length, 'accept-encoding': 'br, gzip' },
      agent,
    })
    return new Promise<FetchAnswer>((resolve, reject) => {
      let answer: IncomingMessage | undefined
      let announcements = 0
      const fail = (cause: Error) => {
        reject(cause)
        // Node's own message is less exact.
        answer?.destroy(cause)
      }
      const abort = () => {
        fail(signal.reason as Error)
        // While a proxy connects, a request has no socket that would close with it.
        for (const socket of sockets.splice(0)) socket.destroy()
      }
      signal.addEventListener('abort', abort)
      request
        .on('error', fail)
        .on('information', () => {
          announcements += 1
          if (announcements > mostAnnouncements) request.destroy(failure('HPE_TOO_MANY_ANNOUNCEMENTS'))
        })
        .on('upgrade', ({ statusCode: status = 0 }, socket) => {
          socket.destroy()
          resolve({ ok: false, status, headers: { get: () => null }, body: null })
        })
        .on('response', (received) => {
          answer = received
          resolve(readable(received))
        })
        .on('close', () => {
          signal.removeEventListener('abort', abort)
          reject(failure('ECONNRESET'))
        })
        .end(body)
    })
  }
}

function keepSockets(agent: Agent, sockets: Duplex[]): void {
  const connect = agent.createConnection.bind(agent)
  agent.createConnection = (...given) => {
    const socket = connect(...given)
    if (socket) sockets.push(socket)
    return socket
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** As `fetch` gives it. */
export function readable(answer: IncomingMessage): FetchAnswer {
  const { statusCode: status = 0, headers } = answer
  return {
    ok: status >= 200 && status < 300,
    status,
    headers: { get: (name) => String(headers[name] ?? '') || null },
    body: {
      getReader() {
        const chunks = unpack(answer)
        return { read: () => chunks.next(), cancel: async () => void (await chunks.return(undefined)) }
      },
    },
  }
}

/** An unknown encoding is returned as it is. */
async function* unpack(answer: IncomingMessage): AsyncGenerator<Uint8Array> {
  const packings = (answer.headers['content-encoding'] ?? '')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((each) => each !== '' && each !== 'identity')
  if (packings.length === 0) return yield* answer
  const zlib = process.getBuiltinModule('node:zlib')
  const { pipeline, Readable } = process.getBuiltinModule('node:stream')
  const known = new Map<string, () => Transform>([
    ['gzip', zlib.createGunzip],
    ['x-gzip', zlib.createGunzip],
    ['deflate', zlib.createInflate],
    ['br', zlib.createBrotliDecompress],
    ['zstd', zlib.createZstdDecompress],
  ])
  const makers = packings.flatMap((packing) => known.get(packing) ?? [])
  if (makers.length < packings.length || makers.length > mostPackings) return yield* answer
  const chunks: AsyncIterableIterator<Uint8Array> = answer[Symbol.asyncIterator]()
  const first = await chunks.next()
  // An empty body, as with 204, is not unpacked, whatever the header says.
  if (first.done === true) return
  const whole = Readable.from(join(first.value, chunks))
  yield* makers.reduceRight<Readable>((stream, make) => pipeline(stream, make(), () => undefined), whole)
}

async function* join(first: Uint8Array, others: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first
  yield* others
}
