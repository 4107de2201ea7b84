// Queries within one PostgreSQL transaction: compiled once per store, prepared once per connection.
import { createHash } from 'node:crypto'

import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import type { ClientBase, QueryResult } from 'pg'

import { bind, compile, type CompiledQuery, type Query, type QuerySession, type Values } from './query.ts'
import type { Database } from './schema.ts'

/** Queries as named prepared statements, as long as connections keep them; one for all connections of a store. */
export class PostgresStatements {
  readonly #compiler = createPostgresCompiler()
  readonly #compiled = new Map<object, Statement>()
  #named = true

  /**
   * From now on every statement is sent with its text: a pooler hands each transaction to another of its connections.
   * @returns false where that was so already
   */
  stopNaming(): boolean {
    const changed = this.#named
    this.#named = false
    return changed
  }

  /** For the client: with the name while names are kept. */
  address({ name, sql }: Statement): { readonly name?: string; readonly text: string } {
    return this.#named ? { name, text: sql } : { text: sql }
  }

  /** The compiled query, with the name under which connections prepare it. */
  get<P, Row>(query: Query<P, Row>): Statement {
    let statement = this.#compiled.get(query)
    if (statement === undefined) {
      const compiled = compile(this.#compiler, query)
      // By its text: connections that a proxy shares between two versions of the program must not mix statements up.
      const name = `hallpass_${createHash('sha256').update(compiled.sql).digest('hex').slice(0, 32)}`
      statement = { ...compiled, name }
      this.#compiled.set(query, statement)
    }
    return statement
  }
}

export interface Statement extends CompiledQuery {
  readonly name: string
}

/** Queries on a connection for as long as one transaction lasts, one after another however they were asked for. */
export class PostgresSession implements QuerySession {
  readonly #client: ClientBase
  readonly #statements: PostgresStatements
  #last: Promise<unknown> = Promise.resolve()
  #failure: unknown
  #ended = false

  constructor(client: ClientBase, statements: PostgresStatements) {
    this.#client = client
    this.#statements = statements
  }

  /** What the first failed query failed with: the transaction is void from there on, even where `work` carried on. */
  get failure(): unknown {
    return this.#failure
  }

  /** Refuses further queries, and waits for the last one. */
  async end(): Promise<void> {
    this.#ended = true
    await this.#last
  }

  async one<P extends Values<P>, Row>(query: Query<P, Row>, values: NoInfer<P>): Promise<Row | undefined> {
    const { rows } = await this.#query<P, Row>(query, values)
    return rows[0] as Row | undefined
  }

  async many<P extends Values<P>, Row>(query: Query<P, Row>, values: NoInfer<P>): Promise<readonly Row[]> {
    const { rows } = await this.#query<P, Row>(query, values)
    return rows as Row[]
  }

  async run<P extends Values<P>>(query: Query<P, unknown>, values: NoInfer<P>): Promise<void> {
    await this.#query(query, values)
  }

  async insert<P extends Values<P>>(query: Query<P, unknown>, values: NoInfer<P>): Promise<boolean> {
    const { rowCount } = await this.#query(query, values)
    return rowCount !== null && rowCount > 0
  }

  #query<P extends Values<P>, Row>(query: Query<P, Row>, values: NoInfer<P>): Promise<QueryResult> {
    if (this.#ended) {
      return Promise.reject(new Error('A query came after the end of its transaction: something was not awaited.'))
    }
    const statement = this.#statements.get(query)
    const result = this.#last.then(() =>
      this.#client.query({ ...this.#statements.address(statement), values: bind(statement, values) }),
    )
    this.#last = result.catch((error: unknown) => {
      this.#failure ??= error
    })
    return result
  }
}

/** Compiles for PostgreSQL, and runs nothing. */
function createPostgresCompiler(): Kysely<Database> {
  return new Kysely({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
}
