// Connections to the server that takes writes. Reads and writes have separate pools.
import type { Client, ClientBase } from 'pg'

import type { Asker } from '../domain/store.ts'
import type { PostgresHosts } from './postgres-hosts.ts'
import { Line, Pool } from './postgres-pool.ts'
import { settingUp, type Kind } from './postgres-settings.ts'
import { Crowded, Left, StoreTrouble } from './trouble.ts'

/** The reason to end a pool that lost a connection. New connections may work. */
const moved = new Error('Another connection of the pool was lost.')

export interface Leased {
  readonly line: Line
  /** Gives it back. A connection that is not open is never used again. */
  readonly release: () => void
}

export class PostgresConnections {
  readonly #hosts: PostgresHosts
  readonly #most: number
  readonly #wait: number
  #current = 0
  readonly #pools = new Map<Kind, Pool>()
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

  /**
   * A connection to the first host that serves, beginning with the last one that did. Gives up after `until`.
   * @throws Left, Crowded, StoreTrouble `slow`, or the reason why no host serves
   */
  async lease(kind: Kind, until: number, asker?: Asker): Promise<Leased> {
    const failures = new Map<number, unknown>()
    for (;;) {
      const pool = this.#pool(kind)
      const host = this.#current
      try {
        const line = await pool.take(asker, until)
        return { line, release: () => this.#release(kind, pool, line) }
      } catch (error) {
        if (error === moved) continue
        // Says nothing about the hosts.
        if (
          error instanceof Left ||
          error instanceof Crowded ||
          (error instanceof StoreTrouble && error.reason === 'slow')
        )
          throw error
        failures.set(host, error)
        // Others may have made each host the current one meanwhile, so it can be the same one again.
        if (failures.size === this.#hosts.urls.length || performance.now() >= until)
          throw worstOf([...failures.values()])
      }
    }
  }

  /** Resolves when all connections are given back and closed. */
  async end(): Promise<void> {
    this.#isEnded = true
    for (const kind of this.#pools.keys()) this.#drop(kind, moved)
    await Promise.all(this.#ending)
  }

  #release(kind: Kind, pool: Pool, line: Line): void {
    const isLost = !line.isOpen
    pool.give(line)
    // Most likely the idle connections of the pool are lost too, and another host may have taken over.
    if (isLost) this.#leave(kind, pool, moved)
  }

  #pool(kind: Kind): Pool {
    if (this.#isEnded) throw new Error('The store is closed.')
    let pool = this.#pools.get(kind)
    if (pool === undefined) {
      const created = new Pool(
        this.#most,
        () => this.#connect(kind),
        (reason) => this.#leave(kind, created, reason),
      )
      this.#pools.set(kind, (pool = created))
    }
    return pool
  }

  /** Makes new connections from now on, to the next host if there is one, unless that was already done. */
  #leave(kind: Kind, pool: Pool, reason: unknown): void {
    if (pool !== this.#pools.get(kind)) return
    if (this.#hosts.urls.length === 1) return this.#drop(kind, reason)
    this.#current = (this.#current + 1) % this.#hosts.urls.length
    for (const each of this.#pools.keys()) this.#drop(each, each === kind ? reason : moved)
  }

  #drop(kind: Kind, reason: unknown): void {
    const ended = this.#pools.get(kind)?.end(reason)
    this.#pools.delete(kind)
    if (ended === undefined) return
    this.#ending.add(ended)
    void ended.finally(() => this.#ending.delete(ended))
  }

  /**
   * Sets it up once, which is enough: a server that becomes a standby ends its connections. Behind a pooler the
   * connection keeps its settings as they are.
   */
  async #connect(kind: Kind): Promise<Line> {
    const line = new Line(this.#hosts.urls[this.#current] ?? this.#hosts.urls[0], this.#wait)
    const late = setTimeout(() => line.socket.destroy(), this.#wait)
    try {
      await line.connect()
      const { rows } = await line.query<{ is_own: boolean; read_only: boolean }>(
        settingUp(kind, Number(Reflect.get(line, 'processID'))),
      )
      if (this.#hosts.wantsPrimary && rows[0]?.read_only !== false) throw new StoreTrouble('read_only', 'read')
      line.isOwn = rows[0]?.is_own === true
      return line
    } catch (error) {
      line.socket.destroy()
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
    const client = new Line(url, 5000)
    try {
      await client.connect()
      if (wantsPrimary) await expectPrimary(client)
      return client
    } catch (error) {
      failures.push(error)
      await client.end().catch(() => {})
    }
  }
  throw worstOf(failures)
}

/** The reason to report for all hosts: that one is gone, rather than that another is a standby, as it should be. */
function worstOf(failures: readonly unknown[]): unknown {
  return failures.find((failure) => !(failure instanceof StoreTrouble)) ?? failures[0]
}

async function expectPrimary(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ read_only: boolean }>(
    `SELECT current_setting('transaction_read_only') = 'on' AS read_only`,
  )
  if (rows[0]?.read_only !== false) throw new StoreTrouble('read_only', 'read')
}
