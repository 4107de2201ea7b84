// What a migration is, and the words in which the two engines differ.

export interface Migration {
  /** Counts up from 1 without a gap. */
  readonly version: number
  readonly name: string
  readonly statements: (engine: EngineWords) => readonly string[]
}

/** The words in which the engines' table definitions differ. */
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
  /** Lets go of the foreign key of a column; `references` is what the table's definition says of it. */
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
  // https://sqlite.org/lang_altertable.html#otheralter: what leaves the rows as they are is changed in the definition.
  dropReference: (table, _column, references) => `PRAGMA writable_schema = ON;
    update sqlite_schema set sql = replace(sql, ' references ${references}', '') where type = 'table' and name = '${table}';
    PRAGMA writable_schema = RESET`,
}

export const postgresWords: EngineWords = {
  // A bigint, so that looking for a number past 31 bits finds nothing, where it would be an error with an integer.
  id: 'bigint generated always as identity (maxvalue 2147483647) primary key',
  rowId: 'bigint generated always as identity primary key',
  integer: 'bigint',
  text: 'text collate "C"',
  bytes: 'bytea',
  end: '',
  endClustered: '',
  dropReference: (table, column) => `alter table ${table} drop constraint ${table}_${column}_fkey`,
}
