// A load client that costs less than what it measures: raw sockets, kept alive, one request in flight on each.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface Request {
  readonly method?: string
  readonly path: string
  readonly authorization?: string
  /** JSON. */
  readonly body?: string
  /** More header lines, each with its line end. */
  readonly lines?: string
}

export interface LoadClient {
  /**
   * Sends the requests in turn, `count` in all, over all connections; returns microseconds for one.
   * @throws Error if an answer has none of these statuses
   */
  run(requests: readonly Buffer[], count: number, ...statuses: readonly number[]): Promise<number>
  close(): void
}

/** The bytes of a request. */
export function encodeRequest({ method = 'GET', path, authorization = '', body, lines = '' }: Request): Buffer {
  const content =
    body === undefined ? '' : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`
  return Buffer.from(
    `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: ${authorization}\r\n${lines}${content}\r\n${body ?? ''}`,
  )
}

/** Opens this many connections to a server. */
export async function connectLoad(url: string, count: number): Promise<LoadClient> {
  const port = Number(new URL(url).port)
  const connections = await Promise.all(Array.from({ length: count }, () => connectOne(port)))
  let next = 0
  return {
    run(requests, count, ...statuses) {
      const { promise, resolve, reject } = Promise.withResolvers<number>()
      const started = performance.now()
      let sent = 0
      let answered = 0
      for (const connection of connections) {
        const send = () => {
          if (sent++ < count) connection.socket.write(requests[next++ % requests.length] ?? '')
        }
        connection.failed = reject
        connection.answered = (answer) => {
          const status = Number(answer.toString('latin1', 9, 12))
          if (!statuses.includes(status)) {
            return reject(
              new Error(`the server answered ${status}, not ${statuses.join(' or ')}: ${answer.toString()}`),
            )
          }
          if (++answered === count) return resolve(((performance.now() - started) / count) * 1000)
          send()
        }
        send()
      }
      return promise
    },
    close() {
      for (const connection of connections) {
        connection.failed = () => {}
        connection.socket.destroy()
      }
    },
  }
}

interface Connection {
  readonly socket: Socket
  answered: (answer: Buffer) => void
  failed: (error: Error) => void
}

async function connectOne(port: number): Promise<Connection> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  const connection: Connection = { socket, answered: () => {}, failed: () => {} }
  let unread: Buffer | undefined
  socket.on('error', (error) => connection.failed(error))
  socket.on('close', () => connection.failed(new Error('the server closed a connection')))
  // No encoding is set, so chunks are bytes.
  socket.on('data', (chunk: Buffer) => {
    const bytes = unread === undefined ? chunk : Buffer.concat([unread, chunk])
    unread = undefined
    const length = lengthOf(bytes)
    if (Number.isNaN(length)) connection.failed(new Error(`an answer without content-length: ${bytes.toString()}`))
    else if (bytes.length < length) unread = bytes
    else connection.answered(bytes)
  })
  await once(socket, 'connect')
  return connection
}

const headersEnd = Buffer.from('\r\n\r\n')
// As Node and Java write it, and as Go does.
const lengthHeaders = ['\r\ncontent-length: ', '\r\nContent-Length: '].map((header) => Buffer.from(header))

/** Infinity until its head is whole; NaN if that does not say. */
function lengthOf(answer: Buffer): number {
  const end = answer.indexOf(headersEnd)
  if (end < 0) return Infinity
  for (const header of lengthHeaders) {
    const found = answer.indexOf(header)
    if (found < 0 || found > end) continue
    const from = found + header.length
    return end + headersEnd.length + Number.parseInt(answer.toString('latin1', from, from + 8), 10)
  }
  return NaN
}
