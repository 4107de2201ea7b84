// A limited number of connections to one server. Networks that wait for one take turns.
import { connect, Socket } from 'node:net'

import { Client } from 'pg'

import { Lanes } from '../domain/lanes.ts'
import type { Asker } from '../domain/store.ts'
import { parserOf, Prepared } from './postgres-batch.ts'
import { isAnswer } from './postgres-errors.ts'
import { Crowded, Left, StoreTrouble } from './trouble.ts'

/** A connection that can be cut off while a query hangs. */
export class Line extends Client {
  readonly socket: Socket
  readonly prepared = new Prepared()
  /** Whether it is ours alone and keeps its settings. A pooler gives each transaction another one. */
  isOwn = false
  /** When it was last used. */
  usedAt = 0

  /** `patience`: milliseconds to connect. */
  constructor(url: string, patience: number) {
    const socket = new Socket()
    super({
      connectionString: url,
      connectionTimeoutMillis: patience,
      keepAlive: true,
      application_name: 'hallpass',
      types: { getTypeParser: parserOf },
      stream: () => socket,
    })
    this.socket = socket
    // A connection that breaks rejects its queries by itself. The server announces that it ends a connection, and nothing
    // is sent on it from then on. Without a listener this event would end the process.
    this.on('error', () => socket.destroy())
  }

  /** Whether it is still open, as far as this side knows. */
  get isOpen(): boolean {
    return this.socket.readyState === 'open'
  }

  /** Ends it at once and cancels its query at the server. Queries on it are rejected. */
  cut(): void {
    // Cancel first: a COMMIT that waits for a standby would occupy the server for ever.
    cancel(this)
    this.socket.destroy()
  }
}

export class Pool {
  readonly #most: number
  readonly #open: () => Promise<Line>
  readonly #fail: (reason: unknown) => void
  readonly #idle: Line[] = []
  readonly #waiting = new Lanes<Waiting>()
  readonly #closing = setInterval(() => this.#closeIdle(), idleTime / 2).unref()
  readonly #over = Promise.withResolvers<void>()
  /** Connections, and attempts to make one. */
  #count = 0
  /** Attempts since there was none, and no connection. */
  #attempts = 0
  /** How many have waited and got one. */
  #served = 0
  #hasEnded = false

  /** `fail` is called with the reason if a new connection cannot be made. */
  constructor(most: number, open: () => Promise<Line>, fail: (reason: unknown) => void) {
    this.#most = most
    this.#open = open
    this.#fail = fail
  }

  /**
   * A connection; at once if one is free, and in time to use it before `until`.
   * @throws Crowded if there is none in time, StoreTrouble `slow` if nobody else got one either, Left, or the reason for
   * which the pool was ended
   */
  take(asker: Asker | undefined, until: number): Line | Promise<Line> {
    for (let line = this.#idle.pop(); line !== undefined; line = this.#idle.pop()) {
      if (line.isOpen) return line
      this.#close(line)
    }
    return new Promise((resolve, reject) => {
      const lane = asker?.network() ?? ours
      const before = this.#served
      const waiting: Waiting = {
        hasLeft: () => asker?.hasLeft() === true,
        resolve(line) {
          clearTimeout(late)
          resolve(line)
        },
        reject(reason) {
          clearTimeout(late)
          reject(reason)
        },
      }
      const late = setTimeout(
        () => {
          this.#waiting.delete(lane, waiting)
          reject(this.#served > before ? new Crowded('read') : new StoreTrouble('slow', 'read'))
        },
        Math.max(0, until - performance.now()) * shareOfWait,
      )
      this.#waiting.add(lane, waiting)
      if (this.#count < this.#most) void this.#connect()
    })
  }

  /** Takes a connection back. */
  give(line: Line): void {
    if (this.#hasEnded || !line.isOpen) return this.#close(line)
    const next = this.#waiting.take()
    if (next === undefined) {
      line.usedAt = performance.now()
      this.#idle.push(line)
    } else if (next.hasLeft()) {
      next.reject(new Left())
      // In a turn of its own: thousands may have left, and each refusal takes some work.
      setImmediate(() => {
        this.give(line)
        // It broke meanwhile, and nobody uses it and would notice.
        if (!line.isOpen && !this.#hasEnded) void this.#connect()
      })
    } else {
      this.#served += 1
      next.resolve(line)
    }
  }

  /** Refuses everybody who waits. Resolves when all connections are given back. */
  end(reason: unknown): Promise<void> {
    this.#hasEnded = true
    clearInterval(this.#closing)
    for (let next = this.#waiting.take(); next !== undefined; next = this.#waiting.take()) next.reject(reason)
    for (const line of this.#idle.splice(0)) this.#close(line)
    if (this.#count === 0) this.#over.resolve()
    return this.#over.promise
  }

  async #connect(): Promise<void> {
    this.#attempts = this.#count === 0 ? 1 : this.#attempts + 1
    this.#count += 1
    try {
      this.give(await this.#open())
    } catch (error) {
      this.#forget()
      if (!isAnswer(error)) return this.#fail(error)
      // It serves, but not one more: there are too many connections. The existing ones go on.
      if (this.#count > 0) return
      // PgBouncer refuses all of a crowd if it is larger than its limit, and may serve one alone.
      if (this.#attempts === 1 || this.#hasEnded) this.#fail(error)
      else void this.#connect()
    }
  }

  #closeIdle(): void {
    const eldest = performance.now() - idleTime
    while ((this.#idle[0]?.usedAt ?? Infinity) < eldest) this.#close(this.#idle.shift())
  }

  #close(line: Line | undefined): void {
    this.#forget()
    line?.end().catch(() => {})
  }

  #forget(): void {
    this.#count -= 1
    if (this.#hasEnded && this.#count === 0) this.#over.resolve()
  }
}

interface Waiting {
  readonly hasLeft: () => boolean
  readonly resolve: (line: Line) => void
  readonly reject: (reason: unknown) => void
}

/** The lane of the authority itself. */
const ours = 'ours'

/** The rest is for the query: one that comes too late is cut off, and that costs a connection. */
const shareOfWait = 7 / 8

/** Milliseconds after which an unused connection is closed. Firewalls drop such connections silently. */
const idleTime = 10_000

/** Sends the protocol's CancelRequest over a connection of its own, and does not wait for it. */
function cancel(client: Client): void {
  const [processId, key] = [Reflect.get(client, 'processID'), Reflect.get(client, 'secretKey')] as unknown[]
  const [host, port] = [Reflect.get(client, 'host'), Reflect.get(client, 'port')] as unknown[]
  if (typeof processId !== 'number' || typeof key !== 'number' || typeof host !== 'string') return
  const message = Buffer.alloc(16)
  for (const [index, value] of [16, 80_877_102, processId, key].entries()) message.writeInt32BE(value | 0, index * 4)
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${String(port)}`) : connect(Number(port), host)
  socket.setTimeout(2000, () => socket.destroy())
  socket.on('error', () => {})
  socket.on('connect', () => socket.end(message))
  socket.unref()
}
