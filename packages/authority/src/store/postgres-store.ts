// The store over PostgreSQL: serialisable writes that are tried again if they collide, and reads on one snapshot.
import { setTimeout as pause } from 'node:timers/promises'

import type { Client } from 'pg'

import { DomainError, StartupError } from '../domain/errors.ts'
import type {
  Admit,
  Asker,
  ReadOptions,
  ReadTransaction,
  Store,
  Transaction,
  Trouble,
  WriteOptions,
} from '../domain/store.ts'
import { Condition, type ReportCondition } from './condition.ts'
import { Heartbeat } from './heartbeat.ts'
import type { Examined } from './look.ts'
import { expectCurrent, expectNotNewer, type Progress } from './migrate.ts'
import { connectOnce, PostgresConnections } from './postgres-connections.ts'
import { codeOf, isCollision, isLostStatement, reasonOfPostgres } from './postgres-errors.ts'
import { readHosts, type PostgresHosts } from './postgres-hosts.ts'
import { currentVersion, examineClient, findWeakSettings, readFound } from './postgres-look.ts'
import { migratePostgres } from './postgres-migration.ts'
import type { Line } from './postgres-pool.ts'
import { PostgresSession, PostgresStatements, Unforeseen } from './postgres-session.ts'
import { patience, type Kind } from './postgres-settings.ts'
import { openTransaction } from './transaction.ts'
import { Crowded, Left, StoreTrouble, type Outcome } from './trouble.ts'

export interface PostgresStoreOptions {
  /** `postgres://…`, with several hosts where there are standbys; may carry a password, so it is never printed. */
  readonly url: string
  /** Called before anything is changed. */
  readonly admit?: Admit
  /** Called with the progress of a migration. */
  readonly progress?: Progress
  /** The most connections for reads, and for writes. 10 by default. */
  readonly connections?: number
  /** From 0 to 1: spreads the retries of writes that collide. */
  readonly random?: () => number
  /** Called when the condition of the database changes. */
  readonly report?: ReportCondition
  /** Called at the start for each setting that endangers durability, and later if a pooler is found. */
  readonly warn?: (sentence: string) => void
}

/**
 * Connects and upgrades the database. Several servers may start at once.
 * @throws StartupError `configuration_invalid` for a URL that is unclear, `database_unreachable`, or
 * `database_newer_than_program`.
 */
export function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  return connect(options, async (client, hosts) => {
    expectNotNewer(await currentVersion(client))
    await options.admit?.(await readFound(client))
    await migratePostgres(client, hosts, options.progress)
    for (const sentence of await findWeakSettings(client)) options.warn?.(sentence)
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
  return withClient(readHosts(url), examineClient)
}

async function connect(
  options: PostgresStoreOptions,
  prepare: (client: Client, hosts: PostgresHosts) => Promise<void>,
): Promise<Store> {
  const { url, connections = 10, random = Math.random, report, warn } = options
  const hosts = readHosts(url)
  await withClient(hosts, (client) => prepare(client, hosts))
  return new PostgresStore(new PostgresConnections(hosts, connections, patience), random, report, warn)
}

async function withClient<T>(hosts: PostgresHosts, work: (client: Client) => Promise<T>): Promise<T> {
  let client: Client | undefined
  try {
    client = await connectOnce(hosts)
    return await work(client)
  } catch (error) {
    throw unusable(hosts.name, error)
  } finally {
    // The server rolls back a migration whose connection ends.
    await client?.end()
  }
}

class PostgresStore implements Store {
  readonly isRemote = true
  /** Never settles: trouble of PostgreSQL ends when its operator ends it, and the store goes on. */
  readonly failed = new Promise<never>(() => {})
  readonly #connections: PostgresConnections
  readonly #random: () => number
  readonly #condition: Condition
  readonly #heartbeat: Heartbeat
  readonly #warn: (sentence: string) => void
  readonly #statements = new PostgresStatements()
  #running = 0
  /** Called once nothing runs any more. */
  #idle: (() => void) | undefined
  #closing: Promise<void> | undefined

  constructor(
    connections: PostgresConnections,
    random: () => number,
    report: ReportCondition = () => {},
    warn: (sentence: string) => void = () => {},
  ) {
    this.#warn = warn
    this.#connections = connections
    this.#random = random
    this.#condition = new Condition(report)
    this.#heartbeat = new Heartbeat(
      () => this.#beat(),
      () => performance.now(),
    )
  }

  read<T>(work: (tx: ReadTransaction) => Promise<T>, options?: ReadOptions): Promise<T> {
    return this.#track(() => this.#transact('reads', limitsOf(options), (session) => work(openTransaction(session))))
  }

  write<T>(work: (tx: Transaction) => Promise<T>, options?: WriteOptions): Promise<T> {
    return this.#track(() => this.#writeUntilAlone(work, limitsOf(options)))
  }

  health(): Promise<Trouble | undefined> {
    return this.#track(() => this.#heartbeat.check())
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
    await this.#connections.end()
  }

  async #track<T>(job: () => Promise<T>): Promise<T> {
    if (this.#closing) throw new StoreTrouble('closed', 'unchanged')
    this.#running += 1
    try {
      return await job()
    } finally {
      this.#running -= 1
      if (this.#running === 0) this.#idle?.()
    }
  }

  async #writeUntilAlone<T>(work: (tx: Transaction) => Promise<T>, limits: Limits): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        const isAlone = attempt > attemptsBesideOthers
        return await this.#transact('writes', limits, (session) => work(openTransaction(session)), isAlone)
      } catch (error) {
        if (!isCollision(error)) throw error
        if (attempt === attempts || performance.now() > limits.until) {
          throw new DomainError('conflict', 'Others kept changing the same things at the same moment. Try again.', {
            cause: error,
          })
        }
      }
      await pause(Math.min(200, 4 * 2 ** attempt) * this.#random())
    }
  }

  /** Reads, and then commits a record that only the write-ahead log keeps, to wait for a standby as a write would. */
  async #beat(): Promise<void> {
    await this.#transact('reads', limitsOf(), (session) => session.ask('SELECT 1'))
    try {
      await this.#transact('writes', limitsOf(), async (session) => {
        const [row] = await session.ask(`SELECT current_setting('transaction_read_only') AS read_only`)
        if (Reflect.get(Object(row), 'read_only') !== 'off') throw new StoreTrouble('read_only', 'unchanged')
        await session.ask(`SELECT pg_logical_emit_message(true, 'hallpass', '')`)
      })
    } catch (error) {
      // If the server does not allow this, assume that it is in order.
      if (codeOf(error) !== insufficientPrivilege) throw error
    }
  }

  /**
   * Tries once more on a new connection if the first was lost before anything was done. Runs the work again if a cached
   * answer was outdated, the last time without cached answers.
   */
  async #transact<T>(kind: Kind, limits: Limits, work: Work<T>, isAlone = false): Promise<T> {
    let [unforeseen, lost, cut] = [0, 0, 0]
    for (;;) {
      try {
        const result = await this.#attempt(kind, limits, work, { mayRunAhead: unforeseen < 2, isAlone })
        this.#condition.note(kind, undefined)
        return result
      } catch (error) {
        if (error instanceof Unforeseen) {
          unforeseen += 1
          continue
        }
        if (isLostStatement(error) && (lost += 1) === 1) {
          // A failed statement voids its transaction, so nothing was done.
          if (this.#statements.stopNaming()) this.#warn(poolerFound)
          continue
        }
        if (!(error instanceof StoreTrouble) || error instanceof Crowded) throw error
        const isWorthIt = error.reason === 'unreachable' || error.reason === 'read_only'
        if (!isWorthIt || (cut += 1) > 1 || error.outcome === 'open' || leftOf(limits.until) === 0) {
          this.#condition.note(kind, error)
          throw error
        }
      }
    }
  }

  async #attempt<T>(
    kind: Kind,
    { until, asker }: Limits,
    work: Work<T>,
    how: ConstructorParameters<typeof PostgresSession>[3],
  ): Promise<T> {
    const { line, release } = await this.#connections.lease(kind, until, asker).catch((error: unknown) => {
      throw error instanceof Left ? error : describeNoLine(error, kind)
    })
    const session = new PostgresSession(line, this.#statements, kind, how)
    const state: State = { kind, isLate: false, isWarned: false }
    const late = setTimeout(() => {
      state.isLate = true
      line.cut()
    }, leftOf(until))
    const notice = ({ severity }: { readonly severity?: string | undefined }): void => {
      state.isWarned ||= session.isCommitting && severity === 'WARNING'
    }
    line.on('notice', notice)
    try {
      const result = await run(work, session)
      await session.keep()
      // "canceling wait for synchronous replication": it is committed here, but perhaps not on a standby.
      if (state.isWarned) throw new StoreTrouble('slow', 'open')
      return result
    } catch (error) {
      const described = describe(error, session, state, line)
      if (described instanceof StoreTrouble && described.reason === 'read_only') line.cut()
      if (session.isOpen && line.isOpen) await line.query('ROLLBACK').catch(() => line.cut())
      throw described
    } finally {
      clearTimeout(late)
      line.off('notice', notice)
      release()
    }
  }
}

/** How long a transaction may take with all its attempts, and who waits for it. */
interface Limits {
  readonly until: number
  readonly asker: Asker | undefined
}

type Work<T> = (session: PostgresSession) => Promise<T>

async function run<T>(work: Work<T>, session: PostgresSession): Promise<T> {
  try {
    return await work(session)
  } catch (error) {
    await session.giveUp()
    throw error
  }
}

interface State {
  readonly kind: Kind
  isLate: boolean
  isWarned: boolean
}

/** The error to report. A collision and trouble of the server count, whatever error `work` made of them. */
function describe(error: unknown, { failure, isCommitting }: PostgresSession, state: State, line: Line): unknown {
  if (error instanceof StoreTrouble) return error
  if (isCollision(failure) || isLostStatement(failure) || failure instanceof Unforeseen) return failure
  const first = failure ?? error
  if (first instanceof StoreTrouble) return first
  // If the server answers COMMIT with an error, it has undone everything.
  const isUndone = Reflect.get(Object(first), 'severity') === 'ERROR'
  const outcome = state.kind === 'writes' && isCommitting && !isUndone ? 'open' : outcomeOf(state.kind)
  if (state.isLate) return new StoreTrouble('slow', outcome, first)
  const reason = reasonOfPostgres(first)
  if (reason !== undefined) return new StoreTrouble(reason, outcome, first)
  return line.isOpen ? error : new StoreTrouble('unreachable', outcome, first)
}

/** There was no connection in time. */
function describeNoLine(error: unknown, kind: Kind): StoreTrouble {
  if (error instanceof Crowded) return new Crowded(outcomeOf(kind))
  const reason = error instanceof StoreTrouble ? error.reason : (reasonOfPostgres(error) ?? 'unreachable')
  return new StoreTrouble(reason, outcomeOf(kind), error)
}

function outcomeOf(kind: Kind): Outcome {
  return kind === 'reads' ? 'read' : 'unchanged'
}

function leftOf(until: number): number {
  return Math.max(0, until - performance.now())
}

function limitsOf({ patience: asked = patience, asker }: ReadOptions = {}): Limits {
  return { until: performance.now() + Math.min(asked, patience), asker }
}

function unusable(host: string, cause: unknown): StartupError {
  if (cause instanceof StartupError) return cause
  const reason = cause instanceof Error && cause.message !== '' ? cause.message : codeOf(cause)
  const sentence = `The PostgreSQL database at ${host} cannot be used: ${reason}.`
  return new StartupError('database_unreachable', isUntrusted(cause) ? `${sentence} ${untrusted}` : sentence, { cause })
}

// Codes of Node's TLS.
function isUntrusted(error: unknown): boolean {
  return /SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|ALTNAME_INVALID|CERT_/.test(codeOf(error))
}

const untrusted =
  'Name who signed its certificate with sslrootcert=FILE in the database URL; sslmode=no-verify takes any certificate, whoever shows it.'

const attempts = 12
// The holder of a leaked token must not be able to prevent its revocation by minting all the time.
const attemptsBesideOthers = 5

const poolerFound =
  'A pooler shares the connections to PostgreSQL and keeps no prepared statements, as PgBouncer in transaction mode: ' +
  'statements are sent unprepared from now on, which takes longer. PgBouncer 1.21 keeps them with max_prepared_statements.'

const insufficientPrivilege = '42501'
