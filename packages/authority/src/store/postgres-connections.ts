// Connections to the server that takes writes. Reads and writes have separate pools; every connection can be cut off.
import { connect, Socket } from 'node:net'

import { Client, Pool, type ClientBase, type ClientConfig, type PoolClient } from 'pg'

import { parserOf, Prepared } from './postgres-batch.ts'
import { codeOf } from './postgres-errors.ts'
import type { PostgresHosts } from './postgres-hosts.ts'
import { settingUp, type Kind } from './postgres-settings.ts'
import { StoreTrouble } from './trouble.ts'

export interface Leased {
  readonly client: PoolClient
  readonly prepared: Prepared
  /** Whether the connection is ours alone and keeps its settings. A pooler gives each transaction another one. */
  readonly isOwn: boolean
  /** Whether the connection is still open, as far as this side knows. */
  isOpen(): boolean
  /** Ends the connection at once and cancels its query at the server. Queries on it are rejected. */
  cut(): void
  /** Gives it back. A connection that is not open is never used again. */
  release(): void
}

/** A client whose connection can be cut off while a query hangs. */
class Line extends Client {
  readonly socket: Socket
  readonly prepared = new Prepared()
  /** Undefined until it is known. */
  isOwn: boolean | undefined

  constructor(config?: string | ClientConfig) {
    const socket = new Socket()
    super({ ...Object(config), stream: () => socket })
    this.socket = socket
    // A connection that breaks rejects its queries by itself. The server announces that it ends a connection, and nothing
    // is sent on it from then on. Without a listener this event would end the process.
    this.on('error', () => socket.destroy())
  }
}

/** A pool that tells its waiting callers that it is abandoned: `pg` itself answers them no more after the end. */
class Waited extends Pool {
  readonly #waiting = new Set<(reason: unknown) => void>()

  /** @throws the reason for which it was abandoned, if that comes before a connection */
  take(): Promise<PoolClient> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject)
      this.connect().then(
        (client) => {
          if (this.#waiting.delete(reject)) resolve(client)
          else client.release()
        },
        (error: unknown) => {
          this.#waiting.delete(reject)
          reject(error)
        },
      )
    })
  }

  async leave(reason: unknown): Promise<void> {
    const ended = this.end()
    for (const reject of this.#waiting) reject(reason)
    this.#waiting.clear()
    await ended
  }
}

/** The reason to abandon a pool that lost a connection. New connections may work. */
const moved = new Error('Another connection of the pool was lost.')

export class PostgresConnections {
  readonly #hosts: PostgresHosts
  readonly #most: number
  readonly #wait: number
  #current = 0
  readonly #pools = new Map<Kind, Waited>()
  readonly #ending = new Set<Promise<unknown>>()
  #isEnded = false

  /**
   * @param most connections for reads, and as many for writes
   * @param patience milliseconds to get a connection, over all hosts
   */
  constructor(hosts: PostgresHosts, most: number, patience: number) {
    this.#hosts = hosts
    this.#most = most
    this.#wait = Math.floor(patience / hosts.urls.length)
  }

  /** A connection to the first host that serves, beginning with the last one that did. Gives up after `until`. */
  async lease(kind: Kind, until: number): Promise<Leased> {
    for (let attempt = 1; ; attempt++) {
      const pool = this.#pool(kind)
      try {
        const client = await pool.take()
        if (!(client instanceof Line)) throw new TypeError('A pool made a connection of another kind.')
        if (client.isOwn === undefined) await this.#setUp(client, kind)
        return this.#leased(client, kind, pool)
      } catch (error) {
        if (error === moved && performance.now() < until) {
          attempt -= 1
          continue
        }
        // The server allows no more connections; the existing ones go on.
        if (codeOf(error) === tooManyConnections && pool.totalCount > 0) throw error
        // All are in use, which says nothing about new ones.
        if (error instanceof Error && error.message === 'timeout exceeded when trying to connect') {
          throw new StoreTrouble('slow', 'read', error)
        }
        // The others that wait would fail too.
        this.#leave(kind, pool, error)
        if (attempt === this.#hosts.urls.length) throw error
      }
    }
  }

  /** Resolves when all connections are given back and closed. */
  async end(): Promise<void> {
    this.#isEnded = true
    for (const kind of this.#pools.keys()) this.#drop(kind, moved)
    await Promise.all(this.#ending)
  }

  #leased(client: PoolClient & Line, kind: Kind, pool: Waited): Leased {
    const { socket, prepared } = client
    const isOpen = (): boolean => socket.readyState === 'open'
    return {
      client,
      prepared,
      isOwn: client.isOwn === true,
      isOpen,
      cut: () => {
        // Cancel first: a COMMIT that waits for a standby would occupy the server for ever.
        cancel(client)
        socket.destroy()
      },
      release: () => {
        const isLost = !isOpen()
        client.release(isLost)
        // Most likely the idle connections of the pool are lost too, and another host may have taken over.
        if (isLost) this.#leave(kind, pool, moved)
      },
    }
  }

  #pool(kind: Kind): Waited {
    if (this.#isEnded) throw new Error('The store is closed.')
    let pool = this.#pools.get(kind)
    if (pool === undefined) {
      pool = this.#createPool()
      this.#pools.set(kind, pool)
    }
    return pool
  }

  /** Makes new connections from now on, to the next host if there is one, unless that was already done. */
  #leave(kind: Kind, pool: Waited, reason: unknown): void {
    if (pool !== this.#pools.get(kind)) return
    if (this.#hosts.urls.length === 1) return this.#drop(kind, reason)
    this.#current = (this.#current + 1) % this.#hosts.urls.length
    for (const each of this.#pools.keys()) this.#drop(each, each === kind ? reason : moved)
  }

  #drop(kind: Kind, reason: unknown): void {
    const ended = this.#pools.get(kind)?.leave(reason)
    this.#pools.delete(kind)
    if (ended === undefined) return
    this.#ending.add(ended)
    void ended.finally(() => this.#ending.delete(ended))
  }

  #createPool(): Waited {
    const url = this.#hosts.urls[this.#current] ?? this.#hosts.urls[0]
    const pool = new Waited({
      ...connectionTo(url, this.#wait),
      max: this.#most,
      Client: Line,
    })
    pool.on('error', () => {})
    return pool
  }

  /**
   * Once for each connection, which is enough: a server that becomes a standby ends its connections. Behind a pooler the
   * connection keeps its settings as they are.
   */
  async #setUp(client: PoolClient & Line, kind: Kind): Promise<void> {
    const late = setTimeout(() => client.socket.destroy(), this.#wait)
    try {
      const { rows } = await client.query<{ is_own: boolean; read_only: boolean }>(
        settingUp(kind, Number(Reflect.get(client, 'processID'))),
      )
      if (this.#hosts.wantsPrimary && rows[0]?.read_only !== false) throw new StoreTrouble('read_only', 'read')
      client.isOwn = rows[0]?.is_own === true
    } catch (error) {
      client.release(true)
      throw error
    } finally {
      clearTimeout(late)
    }
  }
}

/** One connection outside of the pools, to the first host that serves. */
export async function connectOnce({ urls, wantsPrimary }: PostgresHosts): Promise<Client> {
  const failures: unknown[] = []
  for (const url of urls) {
    const client = new Line(connectionTo(url, 5000))
    try {
      await client.connect()
      if (wantsPrimary) await expectPrimary(client)
      return client
    } catch (error) {
      failures.push(error)
      await client.end().catch(() => {})
    }
  }
  throw failures.find((failure) => !(failure instanceof StoreTrouble)) ?? failures[0]
}

async function expectPrimary(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ read_only: boolean }>(
    `SELECT current_setting('transaction_read_only') = 'on' AS read_only`,
  )
  if (rows[0]?.read_only !== false) throw new StoreTrouble('read_only', 'read')
}

function connectionTo(url: string, connectionTimeoutMillis: number) {
  return {
    connectionString: url,
    connectionTimeoutMillis,
    keepAlive: true,
    application_name: 'hallpass',
    types: { getTypeParser: parserOf },
  }
}

const tooManyConnections = '53300'

/** Sends the protocol's CancelRequest over a connection of its own, and does not wait for it. */
function cancel(client: PoolClient): void {
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
