// Caches the look-ups of nearly every request across commits that do not change them. The queries of a commit say what
// it changes, so no new query can be forgotten here.
import type { ReadTransaction } from '../domain/store.ts'
import type { Change } from './query.ts'
import type { Wrap } from './transaction.ts'

interface CachedLookup<Keys extends readonly unknown[]> {
  /** The tables that the rows come from. */
  readonly tables: readonly string[]
  /** Whether they are found by a unique key: then no inserted row can change the result. */
  readonly isByKey: boolean
  readonly keyOf: (...keys: Keys) => string
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
  sessions: { byTokenHash: { tables: ['sessions', 'users'], isByKey: true, keyOf: latin1Of } },
  organisations: { bySlug: { tables: ['organisations'], isByKey: true, keyOf: String } },
  memberships: {
    find: { tables: ['memberships'], isByKey: true, keyOf: (organisation, user) => `${organisation} ${user}` },
  },
  apps: { byName: { tables: ['apps', 'organisations'], isByKey: true, keyOf: String } },
  signingKeys: {
    byKid: { tables: ['signing_keys'], isByKey: true, keyOf: latin1Of },
    newest: { tables: ['signing_keys'], isByKey: false, keyOf: String },
  },
  tokens: {
    signedWith: {
      tables: ['tokens', 'signing_keys', 'unfinished_revocations', 'deleted_apps', 'revoked_organisations'],
      isByKey: true,
      keyOf: ({ text }) => text,
    },
  },
}

/** The tables that a group of writes has changed so far. */
export class Changes {
  readonly #altered = new Set<string>()
  readonly #extended = new Set<string>()

  add({ kind, tables }: Change): void {
    const changed = kind === 'extends' ? this.#extended : this.#altered
    for (const table of tables) changed.add(table)
  }

  /** Whether an earlier result may be wrong now. */
  outdate({ tables, isByKey }: Pick<AnyLookup, 'tables' | 'isByKey'>): boolean {
    return tables.some((table) => this.#altered.has(table) || (!isByKey && this.#extended.has(table)))
  }

  /** Whether a result may be undone by a rollback. */
  touch({ tables }: Pick<AnyLookup, 'tables'>): boolean {
    return tables.some((table) => this.#altered.has(table) || this.#extended.has(table))
  }
}

type AnyLookup = CachedLookup<readonly unknown[]> & { readonly method: string; readonly index: number }

const byNoun: ReadonlyMap<string, readonly AnyLookup[]> = listLookups()
const all = [...byNoun.values()].flat()

/** Answers, made once: handing out a promise that is there makes nothing. */
type Rows = Map<string, Promise<unknown>>

/** The rows found in one state of the database. A look-up that found nothing is not cached. */
export class LookupCache {
  readonly #rows: readonly Rows[]

  constructor(rows: readonly Rows[] = all.map(() => new Map())) {
    this.#rows = rows
  }

  /**
   * The part of the cache that is still valid after the changes. Readers of the older state keep using this one; what
   * they find in changed tables does not get into the new one.
   */
  after(changes: Changes): LookupCache {
    return new LookupCache(
      this.#rows.map((rows, index) => {
        const lookup = all[index]
        return lookup === undefined || changes.outdate(lookup) ? new Map() : rows
      }),
    )
  }

  /**
   * Makes a transaction ask the cache, which is of the last commit, before the database. `changes` are the changes
   * since then.
   */
  wrap(changes: Changes = new Changes()): Wrap {
    return (noun, made) => {
      // The noun was made for this transaction alone, and copying it would cost more than the look-ups.
      const methods = made as unknown as Record<string, Find>
      for (const lookup of byNoun.get(noun) ?? []) {
        const find = methods[lookup.method]
        const rows = this.#rows[lookup.index]
        if (find !== undefined && rows !== undefined) methods[lookup.method] = cache(lookup, { rows, changes, find })
      }
      return made
    }
  }
}

type Find = (...keys: readonly unknown[]) => Promise<unknown>

function cache(
  lookup: AnyLookup,
  {
    rows,
    changes,
    find,
  }: {
    readonly rows: Rows
    readonly changes: Changes
    readonly find: Find
  },
): Find {
  async function lookUp(key: string, keys: readonly unknown[]): Promise<unknown> {
    const found = await find(...keys)
    if (found !== undefined && !changes.touch(lookup)) {
      if (rows.size >= mostCached) rows.clear()
      rows.set(key, Promise.resolve(found))
    }
    return found
  }
  return (...keys) => {
    const key = lookup.keyOf(...keys)
    return (changes.outdate(lookup) ? undefined : rows.get(key)) ?? lookUp(key, keys)
  }
}

// For each kind of look-up; beyond it that kind is emptied.
const mostCached = 4096

function listLookups(): Map<string, AnyLookup[]> {
  let index = 0
  const found = new Map<string, AnyLookup[]>()
  for (const [noun, methods] of Object.entries<Readonly<Record<string, unknown>>>(lookups)) {
    const listed = Object.entries(methods).map(([method, lookup]) => ({
      ...(lookup as CachedLookup<readonly unknown[]>),
      method,
      index: index++,
    }))
    found.set(noun, listed)
  }
  return found
}

function latin1Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
