// What an observer finds out about a database, in whatever state it is.

export interface Look {
  /** The version of its tables; 0 if it has none. */
  readonly version: number
  readonly rootKeyProof: string | undefined
  readonly holdsAccounts: boolean
  /** When its newest row was written, by the clock of that moment: milliseconds since 1970. */
  readonly newest: number | undefined
  /** The kind of engine that ran machines last, if one did. */
  readonly lastEngine: string | undefined
}

export interface Examined {
  /** Undefined if it cannot be read. */
  readonly look: Look | undefined
  /** Problems of the engine, its files and its settings: each a sentence that says how to fix it. */
  readonly problems: readonly string[]
}

/** The time of the newest row: reads only the last events and the last migration. */
export const newestEvent = `select max(at) as at from (select at from audit_events order by id desc limit 1000) as newest`
