// One connection to a SQLite file, with compiled queries as prepared statements, and sessions over them.
import type { DatabaseSync, StatementSync } from 'node:sqlite'

import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'

import type { Changes } from './lookup-cache.ts'
import { bind, compile, type Change, type CompiledQuery, type Query, type QuerySession, type Values } from './query.ts'
import type { Database } from './schema.ts'

export class SqliteConnection {
  readonly database: DatabaseSync
  readonly #compiler = createSqliteCompiler()
  readonly #prepared = new Map<object, Prepared>()
  readonly #commands = new Map<string, StatementSync>()
  #dataVersion: StatementSync | undefined
  #dependents: StatementSync | undefined

  constructor(database: DatabaseSync) {
    this.database = database
  }

  /** Runs a command without parameters whose result does not matter, for example BEGIN or COMMIT. */
  command(sql: string): void {
    let statement = this.#commands.get(sql)
    if (statement === undefined) {
      statement = this.database.prepare(sql)
      this.#commands.set(sql, statement)
    }
    statement.run()
  }

  /** The query as a prepared statement of this connection. */
  prepare<P, Row>(query: Query<P, Row>): Prepared {
    let prepared = this.#prepared.get(query)
    if (prepared === undefined) {
      const compiled = compile(this.#compiler, query)
      const change = compiled.change && this.#withDependents(compiled.change)
      const statement = this.database.prepare(compiled.sql)
      statement.setReturnArrays(true)
      const columns = statement.columns().map(({ name }) => name)
      prepared = { compiled, change, statement, columns }
      this.#prepared.set(query, prepared)
    }
    return prepared
  }

  /** A number that changes when another connection has changed the database. */
  dataVersion(): number {
    this.#dataVersion ??= this.database.prepare('PRAGMA data_version')
    return Number(this.#dataVersion.get()?.['data_version'])
  }

  /** A deletion also changes tables that refer to the table: their rows are deleted, or lose the reference. */
  #withDependents({ kind, tables }: Change): Change {
    if (kind !== 'deletes') return { kind, tables }
    this.#dependents ??= this.database.prepare(dependentTables)
    const all = new Set(tables)
    for (const table of all) for (const { name } of this.#dependents.all(table)) all.add(String(name))
    return { kind, tables: [...all] }
  }
}

const dependentTables = `select child.name from sqlite_schema as child, pragma_foreign_key_list(child.name) as reference
  where child.type = 'table' and reference."table" = ?`

interface Prepared {
  readonly compiled: CompiledQuery
  /** Includes the effects of foreign keys. */
  readonly change: Change | undefined
  /** Returns arrays of values, in the order of `columns`. */
  readonly statement: StatementSync
  readonly columns: readonly string[]
}

/** Runs queries on a connection during one transaction. Each runs synchronously. */
export class SqliteSession implements QuerySession {
  readonly #connection: SqliteConnection
  readonly #changes: Changes | undefined
  #ended = false
  #hasWritten = false

  /** Changes by the queries are added to `changes`. */
  constructor(connection: SqliteConnection, changes?: Changes) {
    this.#connection = connection
    this.#changes = changes
  }

  /** Whether a query that changes something has begun. */
  get hasWritten(): boolean {
    return this.#hasWritten
  }

  /** Refuses every later query, because it would run in somebody else's transaction. */
  end(): void {
    this.#ended = true
  }

  async one<P extends Values<P>, Row>(query: Query<P, Row>, values: NoInfer<P>): Promise<Row | undefined> {
    const { compiled, statement, columns } = this.#prepare(query, values)
    const found = statement.get(...bind(compiled, values)) as readonly unknown[] | undefined
    return found && (rowOf(columns, found) as Row)
  }

  async many<P extends Values<P>, Row>(query: Query<P, Row>, values: NoInfer<P>): Promise<readonly Row[]> {
    const { compiled, statement, columns } = this.#prepare(query, values)
    const found = statement.all(...bind(compiled, values)) as readonly unknown[] as readonly (readonly unknown[])[]
    return found.map((each) => rowOf(columns, each) as Row)
  }

  async run<P extends Values<P>>(query: Query<P, unknown>, values: NoInfer<P>): Promise<void> {
    const { compiled, statement } = this.#prepare(query, values)
    statement.run(...bind(compiled, values))
  }

  async insert<P extends Values<P>>(query: Query<P, unknown>, values: NoInfer<P>): Promise<boolean> {
    const { compiled, statement } = this.#prepare(query, values)
    return statement.run(...bind(compiled, values)).changes > 0
  }

  /** Transactions that write come one after the other. */
  append<P extends Values<P>>(query: Query<P, unknown>, values: NoInfer<P>): Promise<void> {
    return this.run(query, values)
  }

  #prepare<P, Row>(query: Query<P, Row>, values: P): Prepared {
    if (this.#ended) throw new Error('A query came after the end of its transaction: something was not awaited.')
    const prepared = this.#connection.prepare(query)
    if (prepared.change) {
      this.#hasWritten = true
      this.#changes?.add(prepared.change, query.rowOf?.(values))
    }
    return prepared
  }
}

/**
 * A row as an object. Those that node:sqlite makes have no class that V8 knows, so each look at a column takes 0.1 µs: a third of a
 * list of tokens.
 */
function rowOf(columns: readonly string[], values: readonly unknown[]): Readonly<Record<string, unknown>> {
  const row: Record<string, unknown> = {}
  for (let at = 0; at < columns.length; at++) row[columns[at] ?? ''] = values[at]
  return row
}

/** Compiles queries for SQLite, and runs nothing. */
export function createSqliteCompiler(): Kysely<Database> {
  return new Kysely({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
}
