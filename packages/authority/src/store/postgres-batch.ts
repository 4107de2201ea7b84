// Sends several statements to PostgreSQL in one round trip, with one Sync behind all of them. The pg package would send a
// Sync, and wait, for each.
// https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
import { types, type ClientBase, type Connection, type Submittable } from 'pg'

import type { Value } from './query.ts'

export interface Statement {
  readonly text: string
  /** The name of the prepared statement; undefined if the text is sent each time. */
  readonly name?: string
}

export interface Asked {
  readonly statement: Statement
  readonly values: readonly Value[]
}

type Cells = readonly (string | null)[]

/** The answer to one statement. */
export class Answer {
  /** How many rows it returned or changed. */
  readonly count: number
  readonly #columns: readonly Column[]
  readonly #cells: readonly Cells[]
  #rows: readonly object[] | undefined

  constructor(columns: readonly Column[], cells: readonly Cells[], count: number) {
    this.#columns = columns
    this.#cells = cells
    this.count = count
  }

  get rows(): readonly object[] {
    return (this.#rows ??= this.#cells.map((cells) => {
      const row: Record<string, unknown> = {}
      for (const [index, { name, read }] of this.#columns.entries()) {
        const cell = cells[index] ?? null
        row[name] = cell === null ? null : read(cell)
      }
      return row
    }))
  }

  /** Whether both have the same rows in the same order. */
  equals(other: Answer): boolean {
    if (this.#cells.length !== other.#cells.length || this.count !== other.count) return false
    return this.#cells.every((cells, row) => cells.every((cell, column) => cell === other.#cells[row]?.[column]))
  }
}

interface Column {
  readonly name: string
  readonly read: (cell: string) => unknown
}

/** What a connection keeps between batches. */
export class Prepared {
  readonly columns = new Map<string, readonly Column[]>()
  /** Statements that the server may not have, because something before them in their batch failed. */
  readonly unsure = new Set<string>()
}

export interface Outcome {
  /** The answers to the statements before the one that failed, or to all of them. */
  readonly answers: readonly Answer[]
  readonly failure?: unknown
}

/**
 * Sends the statements, and resolves with an answer for each. If no transaction is open, they are one transaction. After a
 * statement that fails, none is executed.
 */
export function sendBatch(client: ClientBase, prepared: Prepared, asked: readonly Asked[]): Promise<Outcome> {
  // Before anything is sent, so that a value that cannot be sent leaves the connection as it is.
  const sent = asked.map(({ statement, values }) => ({ statement, values: values.map(toWire) }))
  return new Promise((resolve) => {
    client.query(new Batch(prepared, sent, resolve))
  })
}

/** The parser of values of this type. int8 holds ids and milliseconds, which fit a number exactly. */
export function parserOf(type: number): (cell: string) => unknown {
  const int8: number = types.builtins.INT8
  return type === int8 ? Number : types.getTypeParser(type)
}

/** The client calls these methods to send, and for each message that arrives. */
class Batch implements Submittable {
  readonly #prepared: Prepared
  readonly #asked: readonly OnWire[]
  readonly #resolve: (outcome: Outcome) => void
  readonly #answers: Answer[] = []
  #columns: readonly Column[] | undefined
  #cells: Cells[] = []

  constructor(prepared: Prepared, asked: readonly OnWire[], resolve: (outcome: Outcome) => void) {
    this.#prepared = prepared
    this.#asked = asked
    this.#resolve = resolve
  }

  submit(connection: Connection): void {
    const { columns, unsure } = this.#prepared
    if (this.#asked.every(({ statement: { name = '' } }) => columns.has(name))) {
      connection.stream.write(encodeExecutions(this.#asked))
      return
    }
    const parsed = new Set<string>()
    connection.stream.cork()
    for (const { statement, values } of this.#asked) {
      const { text, name = '' } = statement
      const isKnown = columns.has(name)
      if (!isKnown && !parsed.has(name)) {
        if (unsure.has(name)) connection.close({ type: 'S', name }, false)
        connection.parse({ name, text, types: [] }, false)
        if (name !== '') parsed.add(name)
      }
      connection.bind({ statement: name, values: [...values] }, false)
      if (!isKnown) connection.describe({ type: 'P', name: '' }, false)
      connection.execute(null, false)
    }
    connection.sync()
    connection.stream.uncork()
  }

  handleRowDescription({ fields }: { readonly fields: readonly { name: string; dataTypeID: number }[] }): void {
    this.#columns = fields.map(({ name, dataTypeID }) => ({ name, read: parserOf(dataTypeID) }))
  }

  handleDataRow({ fields }: { readonly fields: Cells }): void {
    this.#cells.push(fields)
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const { name = '' } = this.#asked[this.#answers.length]?.statement ?? {}
    const { columns, unsure } = this.#prepared
    const found = columns.get(name) ?? this.#columns ?? []
    if (name !== '') {
      columns.set(name, found)
      unsure.delete(name)
    }
    // The last word of "INSERT 0 1" and "SELECT 3".
    this.#answers.push(new Answer(found, this.#cells, Number(text.slice(text.lastIndexOf(' ') + 1)) || 0))
    this.#columns = undefined
    this.#cells = []
  }

  handleReadyForQuery(): void {
    this.#resolve({ answers: this.#answers })
  }

  handleError(failure: unknown): void {
    const { columns, unsure } = this.#prepared
    for (const { statement } of this.#asked.slice(this.#answers.length)) {
      if (statement.name !== undefined && !columns.has(statement.name)) unsure.add(statement.name)
    }
    this.#resolve({ answers: this.#answers, failure })
  }
}

/**
 * Bind and Execute for each of these prepared statements, and Sync, in one write instead of a dozen.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
function encodeExecutions(asked: readonly OnWire[]): Buffer {
  let size = sync.length
  for (const {
    statement: { name = '' },
    values,
  } of asked) {
    size += 13 + name.length + execute.length
    for (const value of values) size += 6 + (value === null ? 0 : Buffer.byteLength(value))
  }
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  for (const {
    statement: { name = '' },
    values,
  } of asked) {
    const start = at
    // The portal has no name.
    bytes[at] = 0x42
    bytes[at + 5] = 0
    at += 6 + bytes.write(name, at + 6, 'latin1')
    bytes[at] = 0
    at = bytes.writeInt16BE(values.length, at + 1)
    for (const value of values) at = bytes.writeInt16BE(typeof value === 'string' || value === null ? 0 : 1, at)
    at = bytes.writeInt16BE(values.length, at)
    for (const value of values) {
      at = bytes.writeInt32BE(value === null ? -1 : Buffer.byteLength(value), at)
      if (typeof value === 'string') at += bytes.write(value, at)
      else if (value !== null) at += value.copy(bytes, at)
    }
    // All columns as text.
    at = bytes.writeInt16BE(0, at)
    bytes.writeInt32BE(at - start - 1, start + 1)
    at += execute.copy(bytes, at)
  }
  sync.copy(bytes, at)
  return bytes
}

const execute = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0])
const sync = Buffer.from([0x53, 0, 0, 0, 4])

interface OnWire {
  readonly statement: Statement
  readonly values: readonly (Buffer | string | null)[]
}

function toWire(value: Value): Buffer | string | null {
  if (typeof value === 'string' || value === null) return value
  if (typeof value === 'number') return String(value)
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}
