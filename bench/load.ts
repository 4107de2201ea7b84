// A load client that costs less than what it measures: raw sockets, kept alive, one request in flight on each.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

interface Load {
  /** Whole requests, sent in turn. */
  readonly requests: readonly Buffer[]
  /** How many to send. */
  readonly count: number
  /** The expected status of every answer: one of these. */
  readonly status: number | readonly number[]
}

export interface LoadClient {
  /** Sends the load over all connections; returns microseconds for one request, over all connections. */
  run(load: Load): Promise<number>
  close(): void
}

/** Opens this many connections to a server. */
export async function connectLoad(url: string, connections: number): Promise<LoadClient> {
  const open: Connection[] = []
  const port = Number(new URL(url).port)
  for (let number = 0; number < connections; number++) {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    open.push(new Connection(socket))
  }
  let sentBefore = 0

  function run({ requests, count, status }: Load): Promise<number> {
    return new Promise((resolve, reject) => {
      const started = performance.now()
      let sent = 0
      let answered = 0
      function send(connection: Connection): void {
        const request = requests[sentBefore++ % requests.length]
        if (request === undefined) return reject(new Error('a load without requests'))
        sent++
        connection.send(request)
      }
      for (const connection of open) {
        connection.fail = reject
        connection.answer = (found, text) => {
          if (![status].flat().includes(found)) {
            return reject(new Error(`the server answered ${found}, not ${String(status)}: ${text()}`))
          }
          if (++answered === count) return resolve(((performance.now() - started) / count) * 1000)
          if (sent < count) send(connection)
        }
        if (sent < count) send(connection)
      }
    })
  }

  return {
    run,
    close() {
      for (const connection of open) connection.close()
    },
  }
}

/** A request as bytes. `lines` are more header lines, each with its line end. */
export function encodeRequest(method: string, path: string, authorization: string, body?: string, lines = ''): Buffer {
  const content =
    body === undefined ? '' : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`
  return Buffer.from(
    `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: ${authorization}\r\n${lines}${content}\r\n${body ?? ''}`,
  )
}

class Connection {
  answer: (status: number, text: () => string) => void = () => {}
  fail: (error: Error) => void = () => {}
  readonly #socket: Socket
  #unread: Buffer | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    // No encoding is set, so chunks are bytes.
    socket.on('data', (chunk) => this.#read(chunk as Buffer))
    socket.on('error', (error) => this.fail(error))
    socket.on('close', () => this.fail(new Error('the server closed a connection')))
  }

  send(request: Buffer): void {
    this.#socket.write(request)
  }

  close(): void {
    this.fail = () => {}
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    const bytes = this.#unread === undefined ? chunk : Buffer.concat([this.#unread, chunk])
    const length = answerLength(bytes)
    if (length === undefined || bytes.length < length) {
      this.#unread = bytes
      return
    }
    this.#unread = undefined
    this.answer(Number(bytes.toString('latin1', 9, 12)), () => bytes.toString('latin1'))
  }
}

const headersEnd = Buffer.from('\r\n\r\n')
const lengthHeader = Buffer.from('\r\ncontent-length: ')

/** The length of the whole answer; undefined until its headers are complete. */
function answerLength(bytes: Buffer): number | undefined {
  const end = bytes.indexOf(headersEnd)
  if (end < 0) return undefined
  const header = bytes.indexOf(lengthHeader)
  if (header < 0 || header > end) throw new Error('an answer without content-length')
  const from = header + lengthHeader.length
  return end + headersEnd.length + Number.parseInt(bytes.toString('latin1', from, from + 8), 10)
}
