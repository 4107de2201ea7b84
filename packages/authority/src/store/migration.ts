// The type of a migration, what an engine does for it, and the SQL in which the two engines differ.

export interface Migration {
  /** Counts up from 1 without a gap. */
  readonly version: number
  readonly name: string
  readonly statements: (engine: EngineWords) => readonly Statement[]
}

/**
 * SQL that takes milliseconds however many rows there are; or work that takes longer, which is done in parts if there are
 * rows, beside programs that read and write. What they write meanwhile must be right when the last part is done.
 */
export type Statement = string | Fill | Index

/** Gives a column of all tokens its value, in steps. */
export interface Fill {
  readonly kind: 'fill'
  /** `column = expression`. */
  readonly set: string
}

/** An index of a table that has many rows. */
export interface Index {
  readonly kind: 'index'
  readonly name: string
  /** `table (columns)`, with a `where` if the index has only some of the rows. */
  readonly on: string
}

export function fillTokens(set: string): Fill {
  return { kind: 'fill', set }
}

export function index(name: string, on: string): Index {
  return { kind: 'index', name, on }
}

/** As one statement, for a database without rows. */
export function sqlOf(statement: Statement): string {
  if (typeof statement === 'string') return statement
  if (statement.kind === 'fill') return `update tokens set ${statement.set}`
  return `create index ${statement.name} on ${statement.on}`
}

/** What an engine does for its migration. */
export interface MigrationTarget {
  readonly words: EngineWords
  /** The version of the last migration that the database has seen; 0 if there was none. */
  currentVersion(): Promise<number>
  execute(sql: string): Promise<void>
  /** The number that a query returns. */
  count(sql: string): Promise<number>
  /** Runs `work` in one transaction, in which nobody else migrates and no program writes. */
  exclusively<T>(work: () => Promise<T>): Promise<T>
  /** Runs `work` in one transaction, beside programs that read and write. */
  beside<T>(work: () => Promise<T>): Promise<T>
  /** Runs `work`, which is many transactions, while no other program does the same. */
  alone<T>(work: () => Promise<T>): Promise<T>
  /** Makes an index beside programs that read and write. It replaces any index of that name. */
  buildIndex(index: Index): Promise<void>
}

/** The SQL in which the engines' table definitions differ. */
export interface EngineWords {
  /** A primary key that counts up and is never used twice, within 31 bits. */
  readonly id: string
  /** A primary key that counts up; for tables whose rows are never deleted one by one. */
  readonly rowId: string
  readonly integer: string
  /** Text that compares byte by byte, so that both engines sort alike. */
  readonly text: string
  readonly bytes: string
  /** What closes a table definition. */
  readonly end: string
  /** What closes the definition of a table that is stored in the order of its primary key. */
  readonly endClustered: string
  /** Drops the foreign key of a column; `references` is its text in the table's definition. */
  readonly dropReference: (table: string, column: string, references: string) => string
}

export const sqliteWords: EngineWords = {
  id: 'integer primary key autoincrement check (id <= 2147483647)',
  // Without autoincrement: it would cost a write to a second table at every insert.
  rowId: 'integer primary key',
  integer: 'integer',
  text: 'text',
  bytes: 'blob',
  end: 'strict',
  endClustered: 'strict, without rowid',
  // https://sqlite.org/lang_altertable.html#otheralter: a change that leaves the rows as they are may edit the definition.
  dropReference: (table, _column, references) => `PRAGMA writable_schema = ON;
    update sqlite_schema set sql = replace(sql, ' references ${references}', '') where type = 'table' and name = '${table}';
    PRAGMA writable_schema = RESET`,
}

export const postgresWords: EngineWords = {
  // A bigint, so that a search for a number beyond 31 bits finds nothing. With an integer it would be an error.
  id: 'bigint generated always as identity (maxvalue 2147483647) primary key',
  rowId: 'bigint generated always as identity primary key',
  integer: 'bigint',
  text: 'text collate "C"',
  bytes: 'bytea',
  end: '',
  endClustered: '',
  dropReference: (table, column) => `alter table ${table} drop constraint ${table}_${column}_fkey`,
}
