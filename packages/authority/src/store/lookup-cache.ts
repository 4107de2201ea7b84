// Caches the look-ups of nearly every request across commits that do not change them. The queries of a commit say what
// it changes, so no new query can be forgotten here.
import { textOfKid } from '../domain/key.ts'
import type { ReadTransaction } from '../domain/store.ts'
import { weigh } from '../domain/weigh.ts'
import { WeightedCache } from '@hallpass/guard/weighted-cache'
import type { Change, QuerySession } from './query.ts'

interface CachedLookup<Keys extends readonly unknown[]> {
  /** The tables that the rows come from. */
  readonly tables: readonly string[]
  /** Whether they are found by a unique key: then no inserted row can change the result. */
  readonly isByKey: boolean
  readonly keyOf: (...keys: Keys) => string
  /** The row of the first table, as a query that changes only that row names it. If absent, any change drops all results. */
  readonly rowOf?: (...keys: Keys) => string
}

/** Every cached look-up, by noun and method. */
const lookups: {
  readonly [Noun in keyof ReadTransaction]?: {
    readonly [Method in keyof ReadTransaction[Noun]]?: ReadTransaction[Noun][Method] extends (
      ...keys: infer Keys
    ) => unknown
      ? CachedLookup<Keys>
      : never
  }
} = {
  sessions: { byTokenHash: { tables: ['sessions', 'users'], isByKey: true, keyOf: String } },
  organisations: {
    byId: { tables: ['organisations'], isByKey: true, keyOf: String },
    bySlug: { tables: ['organisations'], isByKey: true, keyOf: String },
  },
  memberships: {
    find: { tables: ['memberships'], isByKey: true, keyOf: (organisation, user) => `${organisation} ${user}` },
  },
  apps: {
    byName: { tables: ['apps', 'organisations'], isByKey: true, keyOf: String },
    counts: { tables: ['apps', 'machines', 'volumes'], isByKey: false, keyOf: String },
  },
  signingKeys: {
    byKid: { tables: ['signing_keys'], isByKey: true, keyOf: textOfKid },
    newest: { tables: ['signing_keys'], isByKey: false, keyOf: String },
  },
  tokens: {
    signedWith: {
      tables: [
        'tokens',
        'signing_keys',
        'unfinished_revocations',
        'revoked_derived_tokens',
        'deleted_apps',
        'revoked_organisations',
      ],
      isByKey: true,
      keyOf: ({ text }) => text,
      rowOf: ({ id }) => id,
    },
  },
}

/** What a group of writes has changed so far. */
export class Changes {
  readonly #altered = new Set<string>()
  readonly #extended = new Set<string>()
  /** By table, where single rows were changed. */
  readonly #rows = new Map<string, Set<string>>()

  /** `row`: the only one that is changed. */
  add({ kind, tables }: Change, row?: string): void {
    const changed = kind === 'extends' ? this.#extended : this.#altered
    for (const table of tables) {
      if (row === undefined) changed.add(table)
      else this.#rows.set(table, (this.#rows.get(table) ?? new Set()).add(row))
    }
  }

  /** Whether earlier results may be wrong now. For a look-up that names its row, `rowsOf` has further ones. */
  outdate({ tables, isByKey, rowOf }: Pick<AnyLookup, 'tables' | 'isByKey' | 'rowOf'>): boolean {
    // Most commits only add rows.
    if (isByKey && this.#altered.size === 0 && this.#rows.size === 0) return false
    return tables.some(
      (table, at) =>
        this.#altered.has(table) ||
        (!isByKey && this.#extended.has(table)) ||
        (this.#rows.has(table) && (rowOf === undefined || at > 0)),
    )
  }

  /** The single rows of the look-up's first table that were changed. */
  rowsOf({ tables: [first = ''] }: Pick<AnyLookup, 'tables'>): ReadonlySet<string> | undefined {
    return this.#rows.get(first)
  }

  /** Whether a result may be undone by a rollback. */
  touch({ tables }: Pick<AnyLookup, 'tables'>): boolean {
    return tables.some((table) => this.#altered.has(table) || this.#extended.has(table) || this.#rows.has(table))
  }
}

type AnyLookup = CachedLookup<readonly unknown[]> & { readonly index: number }

const byNoun = listLookups()
const all = [...byNoun.values()].flatMap((byMethod) => [...byMethod.values()])

/** The cached look-ups of a noun, by method. */
export function lookupsOf(noun: string): ReadonlyMap<string, AnyLookup> {
  return byNoun.get(noun) ?? new Map()
}

/** An answer. Its promise is made once, so that no hit allocates one. */
interface Answer {
  readonly key: string
  readonly found: Promise<unknown>
}

/** The answers of one look-up, by row, in one state of the database. */
class Answers {
  #byRow: WeightedCache<Answer> | undefined
  /** After `pass`: the answers that the newer state does not have. */
  #kept: ReadonlyMap<string, Answer> | undefined

  constructor(byRow = new WeightedCache<Answer>(capacity)) {
    this.#byRow = byRow
  }

  get(row: string, key: string): Promise<unknown> | undefined {
    const answer = (this.#byRow ?? this.#kept)?.get(row)
    return answer?.key === key ? answer.found : undefined
  }

  set(row: string, key: string, found: unknown): void {
    this.#byRow?.set(row, { key, found: Promise.resolve(found) }, 400 + 2 * key.length + weigh(found))
  }

  /** Passes the answers on, except those of these rows. Readers of the older state find only those, and add nothing. */
  pass(without: ReadonlySet<string>): Answers {
    const passed = this.#byRow
    const kept = new Map<string, Answer>()
    for (const row of without) {
      const answer = passed?.get(row)
      if (answer !== undefined) kept.set(row, answer)
      passed?.delete(row)
    }
    this.#byRow = undefined
    this.#kept = kept
    return new Answers(passed)
  }
}

/** The rows found in one state of the database. A look-up that found nothing is not cached. */
export class LookupCache {
  readonly #answers: readonly Answers[]

  constructor(answers: readonly Answers[] = all.map(() => new Answers())) {
    this.#answers = answers
  }

  /**
   * The part of the cache that is still valid after the changes. Readers of the older state keep using this one; what
   * they find in changed tables does not get into the new one.
   */
  after(changes: Changes): LookupCache {
    return new LookupCache(
      this.#answers.map((answers, index) => {
        const lookup = all[index]
        if (lookup === undefined || changes.outdate(lookup)) return new Answers()
        const rows = changes.rowsOf(lookup)
        return rows === undefined ? answers : answers.pass(rows)
      }),
    )
  }

  /** Asks the cache, which is of the last commit, before the database. `changes` are the changes since then. */
  lookups(changes?: Changes): Lookups {
    return new CachedLookups(this.#answers, changes)
  }
}

/** A method of a noun, with the session in front. */
export type Method = (session: QuerySession, ...given: readonly unknown[]) => unknown

/** The look-ups of one transaction. */
export interface Lookups {
  /** `method` asks the database. */
  find(lookup: AnyLookup, method: Method, session: QuerySession, keys: readonly unknown[]): Promise<unknown>
}

class CachedLookups implements Lookups {
  readonly #answers: readonly Answers[]
  readonly #changes: Changes | undefined

  constructor(answers: readonly Answers[], changes: Changes | undefined) {
    this.#answers = answers
    this.#changes = changes
  }

  find(lookup: AnyLookup, method: Method, session: QuerySession, keys: readonly unknown[]): Promise<unknown> {
    const { keyOf, rowOf, index } = lookup
    const changes = this.#changes
    const key = keyOf(...keys)
    const row = rowOf === undefined ? key : rowOf(...keys)
    const isOutdated = changes !== undefined && (changes.outdate(lookup) || changes.rowsOf(lookup)?.has(row) === true)
    const known = isOutdated ? undefined : this.#answers[index]?.get(row, key)
    return known ?? this.#ask(lookup, row, key, method(session, ...keys))
  }

  async #ask(lookup: AnyLookup, row: string, key: string, asked: unknown): Promise<unknown> {
    const found = await asked
    if (found !== undefined && this.#changes?.touch(lookup) !== true) this.#answers[lookup.index]?.set(row, key, found)
    return found
  }
}

/** Bytes for each kind of look-up: some 25,000 rows. */
const capacity = 24 * 1024 * 1024

function listLookups(): ReadonlyMap<string, ReadonlyMap<string, AnyLookup>> {
  let index = 0
  return new Map(
    Object.entries<Readonly<Record<string, unknown>>>(lookups).map(([noun, methods]) => [
      noun,
      new Map(
        Object.entries(methods).map(([method, lookup]) => [
          method,
          { ...(lookup as CachedLookup<readonly unknown[]>), index: index++ },
        ]),
      ),
    ]),
  )
}
