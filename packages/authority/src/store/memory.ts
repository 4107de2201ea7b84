// What look-ups found, remembered beyond the commits that leave it as it is. Whether a commit does is read off its
// queries, so that no new one can be forgotten here.
import type { ReadTransaction } from '../domain/store.ts'
import type { Change } from './query.ts'

/** The tables that a group of writes has changed so far. */
export class Changes {
  readonly #altered = new Set<string>()
  readonly #extended = new Set<string>()

  add({ kind, tables }: Change): void {
    const changed = kind === 'extends' ? this.#extended : this.#altered
    for (const table of tables) changed.add(table)
  }

  /** Whether what was found before may be wrong now. */
  outdate({ tables, byKey }: Remembered<unknown>): boolean {
    return tables.some((table) => this.#altered.has(table) || (!byKey && this.#extended.has(table)))
  }

  /** Whether what is found now may be undone by a rollback. */
  touch({ tables }: Remembered<unknown>): boolean {
    return tables.some((table) => this.#altered.has(table) || this.#extended.has(table))
  }
}

/** The rows that one kind of look-up found. What it did not find is not remembered. */
export class Remembered<Row> {
  /** Where the rows come from. */
  readonly tables: readonly string[]
  /** Whether they are found by a unique key: then no row that is added can take the place of one. */
  readonly byKey: boolean
  readonly rows = new Map<string, Row>()

  constructor(tables: readonly string[], byKey: boolean) {
    this.tables = tables
    this.byKey = byKey
  }

  after(changes: Changes): Remembered<Row> {
    return changes.outdate(this) ? new Remembered(this.tables, this.byKey) : this
  }
}

/** What was found in one state of the database. */
export interface Memory {
  readonly sessionByHash: Remembered<RowOf<ReadTransaction['sessions']['byTokenHash']>>
  readonly organisationBySlug: Remembered<RowOf<ReadTransaction['organisations']['bySlug']>>
  readonly membership: Remembered<RowOf<ReadTransaction['memberships']['find']>>
  readonly appByName: Remembered<RowOf<ReadTransaction['apps']['byName']>>
  readonly keyByKid: Remembered<RowOf<ReadTransaction['signingKeys']['byKid']>>
  readonly newestKey: Remembered<RowOf<ReadTransaction['signingKeys']['newest']>>
  readonly tokenById: Remembered<RowOf<ReadTransaction['tokens']['byId']>>
}

export function createMemory(): Memory {
  return {
    sessionByHash: new Remembered(['sessions', 'users'], true),
    organisationBySlug: new Remembered(['organisations'], true),
    membership: new Remembered(['memberships'], true),
    appByName: new Remembered(['apps', 'organisations'], true),
    keyByKid: new Remembered(['signing_keys'], true),
    newestKey: new Remembered(['signing_keys'], false),
    tokenById: new Remembered(['tokens', 'unfinished_revocations', 'deleted_apps', 'revoked_organisations'], true),
  }
}

/**
 * What may still be remembered in the state after the changes. Whoever still reads the state before them goes on with
 * `memory`: what they find in a table that was changed does not get into the other.
 */
export function rememberAfter(memory: Memory, changes: Changes): Memory {
  return {
    sessionByHash: memory.sessionByHash.after(changes),
    organisationBySlug: memory.organisationBySlug.after(changes),
    membership: memory.membership.after(changes),
    appByName: memory.appByName.after(changes),
    keyByKid: memory.keyByKid.after(changes),
    newestKey: memory.newestKey.after(changes),
    tokenById: memory.tokenById.after(changes),
  }
}

type RowOf<LookUp extends (...parameters: never) => Promise<unknown>> = NonNullable<Awaited<ReturnType<LookUp>>>
