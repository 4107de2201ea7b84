// What is seen of a database by somebody who only looks at it, whatever state it is in.

export interface Look {
  /** The version of its tables; 0 where it has none. */
  readonly version: number
  readonly rootKeyProof: string | undefined
  readonly holdsAccounts: boolean
  /** When the newest of what it holds was written, by the clock of that moment: milliseconds since 1970. */
  readonly newest: number | undefined
}

export interface Examined {
  /** Undefined where it cannot be read. */
  readonly look: Look | undefined
  /** What is wrong with the engine, its files and its settings: each a sentence, with the remedy. */
  readonly problems: readonly string[]
}

/** Finds the newest thing that was written: the last events, not all of them, and the last migration. */
export const newestEvent = `select max(at) as at from (select at from audit_events order by id desc limit 1000) as newest`
