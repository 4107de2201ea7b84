// Queries written with Kysely and compiled once for each database; after that only the SQL text runs.
import {
  DeleteQueryNode,
  InsertQueryNode,
  SelectQueryNode,
  sql,
  TableNode,
  UpdateQueryNode,
  type Compilable,
  type Expression,
  type Kysely,
  type OperationNode,
} from 'kysely'

import type { Database } from './schema.ts'

/** The value of a column. */
export type Value = string | number | Uint8Array | null

/** The values that a query needs, by name. */
export type Values<P> = { readonly [Name in keyof P]: Value }

/** Makes a placeholder for a value that is given when the query runs. */
export interface Param<P> {
  <Name extends keyof P & string>(name: Name): Expression<P[Name]>
}

/** A query with named parameters. It is compiled when it first runs, and identified by its object from then on. */
export interface Query<P, Row> {
  readonly build: (db: Kysely<Database>, param: Param<P>) => Compilable<Row>
  /** Whether it is a look-up. */
  readonly isLookup?: true
  /** The one row that it changes, as look-ups of its table name it. It may change all rows if absent. */
  readonly rowOf?: (values: P) => string
}

/** Runs queries within one transaction. Every method rejects once the transaction has ended. */
export interface QuerySession {
  /** The first row. */
  one<P extends Values<P>, Row>(query: Query<P, Row>, values: NoInfer<P>): Promise<Row | undefined>
  many<P extends Values<P>, Row>(query: Query<P, Row>, values: NoInfer<P>): Promise<readonly Row[]>
  run<P extends Values<P>>(query: Query<P, unknown>, values: NoInfer<P>): Promise<void>
  /** Runs an insert that does nothing on conflict. Returns whether it inserted. */
  insert<P extends Values<P>>(query: Query<P, unknown>, values: NoInfer<P>): Promise<boolean>
  /** Runs an insert whose generated ids follow the order of commits. It may run only at the end of the transaction. */
  append<P extends Values<P>>(query: Query<P, unknown>, values: NoInfer<P>): Promise<void>
}

export interface CompiledQuery {
  readonly sql: string
  /** The names of the parameters, in the order of the SQL. */
  readonly names: readonly string[]
  /** Undefined if it only reads. */
  readonly change: Change | undefined
}

/** How a query changes its tables; `extends` means that existing rows do not change. */
export interface Change {
  readonly kind: 'extends' | 'alters' | 'deletes'
  readonly tables: readonly string[]
}

/** Describes a query. It is built only when it first runs. */
export function query<P extends Values<P>, Row>(
  build: Query<P, Row>['build'],
  rowOf?: Query<P, Row>['rowOf'],
): Query<P, Row> {
  return rowOf === undefined ? { build } : { build, rowOf }
}

/**
 * Describes a look-up: nearly every request asks for the same few rows, and they rarely change. Over PostgreSQL, work
 * continues with the last answer before the new one arrives.
 */
export function lookup<P extends Values<P>, Row>(build: Query<P, Row>['build']): Query<P, Row> {
  return { build, isLookup: true }
}

/** These columns, each with the parameter of its name. */
export function columnsOf<P, Name extends keyof P & string>(
  param: Param<P>,
  ...names: readonly Name[]
): { readonly [Each in Name]: Expression<P[Each]> } {
  return Object.fromEntries(names.map((name) => [name, param(name)])) as { [Each in Name]: Expression<P[Each]> }
}

/** Compiles the query for the engine of `db`. */
export function compile<P, Row>(db: Kysely<Database>, { build }: Query<P, Row>): CompiledQuery {
  const compiled = build(db, (name) => sql`${new Placeholder(name)}`).compile()
  return {
    sql: compiled.sql,
    change: changeOf(compiled.query),
    names: compiled.parameters.map((parameter) => {
      if (parameter instanceof Placeholder) return parameter.name
      throw new TypeError(`A query contains a value that is not a named parameter: ${compiled.sql}`)
    }),
  }
}

/** The values in the order of the compiled SQL. */
export function bind<P extends Values<P>>({ names }: CompiledQuery, values: P): Value[] {
  const byName = values as Readonly<Record<string, Value>>
  return names.map((name) => byName[name] ?? null)
}

function changeOf(node: OperationNode): Change | undefined {
  if (InsertQueryNode.is(node)) {
    return { kind: node.onConflict?.doNothing === true ? 'extends' : 'alters', tables: tablesOf(node.into) }
  }
  if (UpdateQueryNode.is(node)) return { kind: 'alters', tables: tablesOf(node.table) }
  if (DeleteQueryNode.is(node)) return { kind: 'deletes', tables: node.from.froms.flatMap(tablesOf) }
  if (SelectQueryNode.is(node)) return undefined
  throw new TypeError(`A query is a ${node.kind}: nobody could know what it changes.`)
}

function tablesOf(node: OperationNode | undefined): readonly string[] {
  if (node !== undefined && TableNode.is(node)) return [node.table.identifier.name]
  throw new TypeError('A query changes what is not simply a table: nobody could know what it outdates.')
}

class Placeholder {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}
