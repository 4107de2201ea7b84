// The store over PostgreSQL: serialisable writes, tried again where they collide, and reads on one snapshot.
import { setTimeout as pause } from 'node:timers/promises'

import { Client, Pool, types, type ClientBase, type QueryResult } from 'pg'

import { DomainError, StartupError } from '../domain/errors.ts'
import type { Admit, ReadTransaction, Store, Transaction, Trouble } from '../domain/store.ts'
import type { Examined } from './look.ts'
import { expectCurrent, expectNotNewer, expectOwn, migrate, type Progress } from './migrate.ts'
import { postgresWords } from './migration.ts'
import { currentVersion, examineClient, readFound } from './postgres-look.ts'
import { PostgresSession, PostgresStatements } from './postgres-session.ts'
import { SessionTransaction } from './transaction.ts'
import { StoreTrouble } from './trouble.ts'

export interface PostgresStoreOptions {
  /** `postgres://…`; may carry a password, so it is never printed. */
  readonly url: string
  /** Asked before anything is changed. */
  readonly admit?: Admit
  /** Told what a migration is at. */
  readonly progress?: Progress
  /** At most so many connections; 10 where it is not given. */
  readonly connections?: number
  /** From 0 to 1: spreads the retries of writes that collide. */
  readonly random?: () => number
}

/**
 * Connects, and brings the database up to date; safe where several servers start at once.
 * @throws StartupError `configuration_invalid` for what is no clear PostgreSQL URL, `database_unreachable`, or
 * `database_newer_than_program`.
 */
export function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  return connect(options, async (client) => {
    expectNotNewer(await currentVersion(client))
    await options.admit?.(await readFound(client))
    await migrateDatabase(client, options.progress)
  })
}

/**
 * Connects for the operator, beside servers that may run: migrates nothing.
 * @throws StartupError as {@link openPostgresStore}, and `database_outdated`
 */
export function openPostgresStoreBeside(options: PostgresStoreOptions): Promise<Store> {
  return connect(options, async (client) => expectCurrent(await currentVersion(client)))
}

/**
 * Examines the database and changes nothing.
 * @throws StartupError `configuration_invalid` or `database_unreachable`
 */
export function examinePostgres({ url }: { readonly url: string }): Promise<Examined> {
  return withClient(url, examineClient)
}

async function connect(options: PostgresStoreOptions, prepare: (client: Client) => Promise<void>): Promise<Store> {
  const { url, connections = 10, random = Math.random } = options
  await withClient(url, prepare)
  const pool = new Pool({ ...connectionTo(url), max: connections, query_timeout: 15_000 })
  pool.on('error', () => {})
  pool.on('connect', (pooled) => pooled.on('error', () => {}))
  return new PostgresStore(pool, random)
}

function connectionTo(url: string) {
  return {
    connectionString: url,
    connectionTimeoutMillis: 5000,
    keepAlive: true,
    application_name: 'hallpass',
    types: { getTypeParser: parserOf },
  }
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const host = readHost(url)
  const client = new Client(connectionTo(url))
  // A connection that breaks rejects what runs on it, here and below. An event nobody hears would be the end of the
  // process.
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } catch (error) {
    throw unusable(host, error)
  } finally {
    // What is let go of in the middle of a migration is undone by the server.
    await client.end()
  }
}

class PostgresStore implements Store {
  readonly failed = new Promise<never>(() => {})
  readonly #pool: Pool
  readonly #random: () => number
  readonly #statements = new PostgresStatements()
  readonly #running = new Set<Promise<unknown>>()
  #closing: Promise<void> | undefined

  constructor(pool: Pool, random: () => number) {
    this.#pool = pool
    this.#random = random
  }

  read<T>(work: (tx: ReadTransaction) => Promise<T>): Promise<T> {
    return this.#track(() => this.#transact('REPEATABLE READ READ ONLY', work))
  }

  write<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#track(() => this.#writeUntilAlone(work))
  }

  async health(): Promise<Trouble | undefined> {
    if (this.#closing) throw new Error('The store is closed.')
    try {
      expectOwn(versionOf(await this.#track(() => this.#pool.query(versionQuery))))
      return undefined
    } catch (error) {
      return error instanceof StoreTrouble ? error : new StoreTrouble('unreachable', 'read', error)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#running)
    await this.#pool.end()
  }

  async #track<T>(job: () => Promise<T>): Promise<T> {
    if (this.#closing) throw new Error('The store is closed.')
    const running = job()
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  async #writeUntilAlone<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#transact('SERIALIZABLE', work)
      } catch (error) {
        if (!isCollision(error)) throw error
        if (attempt === attempts) {
          throw new DomainError('conflict', 'Others kept changing the same things at the same moment. Try again.', {
            cause: error,
          })
        }
      }
      await pause(Math.min(200, 4 * 2 ** attempt) * this.#random())
    }
  }

  async #transact<T>(isolation: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect()
    const session = new PostgresSession(client, this.#statements)
    let broken = false
    try {
      await begin(client, isolation)
      const result = await work(new SessionTransaction(session))
      await session.end()
      // COMMIT of a void transaction is a rollback that calls itself a success.
      if (session.failure !== undefined) throw session.failure
      await client.query('COMMIT')
      return result
    } catch (error) {
      await session.end()
      await client.query('ROLLBACK').catch(() => {
        broken = true
      })
      // A collision counts whatever `work` made of it: the next attempt may well succeed.
      throw isCollision(session.failure) ? session.failure : error
    } finally {
      client.release(broken)
    }
  }
}

/** In one round trip. A write waits where a migration is under way, and looks only then whose database it is. */
async function begin(client: ClientBase, isolation: string): Promise<void> {
  const isWriting = !isolation.endsWith('READ ONLY')
  const looking = `; LOCK TABLE migrations IN ROW SHARE MODE; ${versionQuery}`
  // More than one statement has more than one result, which the types do not know.
  const results: unknown = await client.query(
    `BEGIN ISOLATION LEVEL ${isolation}; ${transactionSettings}${isWriting ? looking : ''}`,
  )
  if (isWriting && Array.isArray(results)) expectOwn(versionOf(results.at(-1) as QueryResult))
}

function versionOf({ rows }: QueryResult): number {
  const [row] = rows as { readonly version: number | null }[]
  return row?.version ?? 0
}

// int8 holds ids and milliseconds, all of which a number holds exactly.
function parserOf(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  return oid === int8 ? Number : types.getTypeParser(oid, format)
}

async function migrateDatabase(client: Client, progress: Progress | undefined): Promise<void> {
  await migrate(
    {
      words: postgresWords,
      currentVersion: () => currentVersion(client),
      execute: async (sql) => {
        await client.query(sql)
      },
      exclusively: async (work) => {
        await client.query(`BEGIN; ${migrationSettings}`)
        await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock])
        // Those who write hold it for as long: none of them ends after this step what it began before.
        if ((await currentVersion(client)) > 0) await client.query('LOCK TABLE migrations IN EXCLUSIVE MODE')
        const result = await work()
        await client.query('COMMIT')
        return result
      },
    },
    Date.now(),
    progress,
  )
}

// Refuses what can be read in two ways: a part of a password with reserved characters would be taken for a host's name,
// and end up in a message.
function readHost(url: string): string {
  const signs = url.split('@').length - 1
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (/^postgres(?:ql)?:$/.test(parsed?.protocol ?? '') && parsed?.hash === '') {
    if (signs === 0 || (signs === 1 && parsed.username !== '')) return parsed.searchParams.get('host') ?? parsed.host
  }
  throw new StartupError(
    'configuration_invalid',
    'The database URL must be of the form postgres://user:password@host/database, with reserved characters in the ' +
      'password percent-encoded.',
  )
}

function unusable(host: string, cause: unknown): StartupError {
  if (cause instanceof StartupError) return cause
  const reason = cause instanceof Error && cause.message !== '' ? cause.message : codeOf(cause)
  return new StartupError('database_unreachable', `The PostgreSQL database at ${host} cannot be used: ${reason}.`, {
    cause,
  })
}

/** Whether PostgreSQL gave the transaction up for the sake of others: serialisation failure or deadlock. */
function isCollision(error: unknown): boolean {
  return ['40001', '40P01'].includes(codeOf(error))
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}

const attempts = 12

// Any number, as long as it never changes: all versions of the program must wait for the same lock.
const migrationLock = 4_280_526

const int8: number = types.builtins.INT8

// Local to each transaction, because connection proxies refuse them as start-up parameters and mix sessions up. Without
// sequential scans a transaction marks the rows that it read, not whole small tables: unrelated writes do not collide.
const transactionSettings = `SET LOCAL statement_timeout = '10s'; SET LOCAL lock_timeout = '10s';
  SET LOCAL idle_in_transaction_session_timeout = '60s'; SET LOCAL enable_seqscan = off`

const versionQuery = 'SELECT max(version) AS version FROM migrations'

// A machine that vanishes in the middle lets go of everything half a minute later; whoever waits for its locks waits
// longer than that.
const migrationSettings = `SET LOCAL statement_timeout = '10min'; SET LOCAL lock_timeout = '10min';
  SET LOCAL idle_in_transaction_session_timeout = '30s'`
