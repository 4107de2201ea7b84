// One connection to a SQLite file: compiled queries as prepared statements, and sessions over them.
import type { DatabaseSync, StatementSync } from 'node:sqlite'

import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'

import { bind, compile, type CompiledQuery, type Query, type Session, type Values } from './query.ts'
import type { Database } from './schema.ts'

export class SqliteConnection {
  readonly database: DatabaseSync
  readonly #compiler = createSqliteCompiler()
  readonly #prepared = new Map<object, Prepared>()
  readonly #commands = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.database = database
  }

  /** Runs a command that has no parameters and whose result is of no interest, as BEGIN or COMMIT. */
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
      prepared = { compiled, statement: this.database.prepare(compiled.sql) }
      this.#prepared.set(query, prepared)
    }
    return prepared
  }
}

interface Prepared {
  readonly compiled: CompiledQuery
  readonly statement: StatementSync
}

/** Queries on a connection for as long as one transaction lasts; every one has run when its promise is made. */
export class SqliteSession implements Session {
  readonly #connection: SqliteConnection
  #ended = false

  constructor(connection: SqliteConnection) {
    this.#connection = connection
  }

  /** From here on every query is refused: a late one would slip into the transaction of somebody else. */
  end(): void {
    this.#ended = true
  }

  async one<P extends Values<P>, Row>(query: Query<P, Row>, values: NoInfer<P>): Promise<Row | undefined> {
    const { compiled, statement } = this.#prepare(query)
    return statement.get(...bind(compiled, values)) as Row | undefined
  }

  async many<P extends Values<P>, Row>(query: Query<P, Row>, values: NoInfer<P>): Promise<readonly Row[]> {
    const { compiled, statement } = this.#prepare(query)
    return statement.all(...bind(compiled, values)) as Row[]
  }

  async run<P extends Values<P>>(query: Query<P, unknown>, values: NoInfer<P>): Promise<void> {
    const { compiled, statement } = this.#prepare(query)
    statement.run(...bind(compiled, values))
  }

  #prepare<P, Row>(query: Query<P, Row>): Prepared {
    if (this.#ended) throw new Error('A query came after the end of its transaction: something was not awaited.')
    return this.#connection.prepare(query)
  }
}

/** Compiles for SQLite, and runs nothing. */
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
