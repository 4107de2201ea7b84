// Limits that protect people, on guesses and mails: counted in memory by a server that is alone, and in the database by several.
import type { ReadTransaction, Transaction, Transactions } from '../../domain/store.ts'
import type { CountedTries } from '../../domain/store/tries.ts'
import { createWeightedKeys } from './weighted-keys.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** How many of a kind, and in which time. */
const kinds = {
  /** Wrong passwords from one network for one account, or from one person who is asked for their own. */
  password: { most: 10, span: minute },
  /**
   * Wrong passwords from one network for all accounts. Many people share an address, and mistype. An attacker who guesses
   * at all of their passwords fails more often.
   */
  network: { most: 100, span: minute },
  /**
   * Wrong passwords for one account from everywhere: addresses are cheap, and a proxy may pass on invented ones. Few enough
   * to make guessing worthless; enough that it takes many people to keep an owner from a new address.
   */
  email: { most: 100, span: hour },
  /** Mails in one person's name: enough to invite a team at once, too few for spam. */
  mail: { most: 30, span: minute },
} as const

/** Reset mails to one address, so that nobody who knows it can fill its mailbox; and those that one network asks for. */
export const resets: Rate = { most: 5, span: hour }
export const networkResets: Rate = { most: 60, span: hour }

/** A kind, and whose try it is. */
export type Try = readonly [kind: keyof typeof kinds, key: string]

/** `store` is the store as the request may use it, which refuses one whose client has left. */
interface TryLimits {
  /** Seconds until all of these may try; 0 if they may now. */
  wait(tries: readonly Try[], store: Transactions): Promise<number>
  /** Counts one of each, also if who tried has left meanwhile. */
  count(tries: readonly Try[]): Promise<void>
  /** Counts one of each and returns 0; or counts nothing and returns the seconds until they may. */
  take(tries: readonly Try[], store: Transactions): Promise<number>
}

/** Remembers who has logged in from where in the last day. */
interface Acquaintances {
  knows(key: string, store: Transactions): Promise<boolean>
  meet(key: string, store: Transactions): Promise<void>
}

export interface PeopleLimits {
  readonly tryLimits: TryLimits
  /** Networks with the accounts that logged in from them. Failures of their neighbours are not held against these. */
  readonly acquaintances: Acquaintances
  /**
   * Takes one more reset mail to an address that has an account, as `TryLimits.take`. The limit on questions for them comes
   * first and is each server's own: strangers must not write a row for every address that they invent.
   */
  takeReset(asked: { readonly email: string; readonly network: string }, store: Transactions): Promise<number>
}

/** Counted by this server alone. `clock` is monotonic, in milliseconds, so that a minute lasts a minute. */
export function createOwnLimits(clock: () => number): PeopleLimits {
  const limits = Object.fromEntries(
    Object.entries(kinds).map(([kind, rate]) => [kind, createTryLimit(rate, clock)]),
  ) as Readonly<Record<keyof typeof kinds, TryLimit>>
  const known = createWeightedKeys<true>(mostKeys, clock)
  const waitOf = (tries: readonly Try[]) => Math.max(...tries.map(([kind, key]) => limits[kind].wait(key)))
  function countAll(tries: readonly Try[]): void {
    for (const [kind, key] of tries) limits[kind].count(key)
  }
  return {
    tryLimits: {
      wait: async (tries) => waitOf(tries),
      count: async (tries) => countAll(tries),
      async take(tries) {
        const wait = waitOf(tries)
        if (wait === 0) countAll(tries)
        return wait
      },
    },
    acquaintances: {
      knows: async (key) => known.get(key) === true,
      meet: async (key) => known.set(key, true, 1, clock() + acquaintance),
    },
    // One server has counted the questions, of which there are no fewer than mails.
    takeReset: async () => 0,
  }
}

/** What several servers count by. */
export interface Sharing {
  readonly store: Transactions
  /** Makes a name of a key that tells nobody whose it is. */
  readonly hide: (name: string) => Uint8Array
}

/** Counted in the database, for all servers. `clock` as above. */
export function createSharedLimits({ store: own, hide }: Sharing, clock: () => number): PeopleLimits {
  const counted = ([kind, key]: Try): CountedTries => ({ key: hide(`${kind} ${key}`), ...kinds[kind] })
  const waitOf = async (tx: ReadTransaction, tries: readonly CountedTries[]) =>
    Math.ceil(Math.max(...(await Promise.all(tries.map((each) => tx.tries.wait(each))))) / second)
  async function countAll(tx: Transaction, tries: readonly CountedTries[]): Promise<void> {
    await Promise.all(tries.map((each) => tx.tries.count(each)))
  }
  const take = (tries: readonly CountedTries[], store: Transactions) =>
    store.write(async (tx) => {
      const wait = await waitOf(tx, tries)
      if (wait === 0) await countAll(tx, tries)
      return wait
    })
  const known = (key: string): CountedTries => ({
    key: hide(`acquaintance ${key}`),
    most: 1,
    span: acquaintance + hour,
  })
  // So that a server notes a login from the same network once an hour at most.
  const metHere = createWeightedKeys<true>(mostKeys, clock)
  return {
    tryLimits: {
      wait: (tries, store) => store.read((tx) => waitOf(tx, tries.map(counted))),
      count: (tries) => own.write((tx) => countAll(tx, tries.map(counted))),
      take: (tries, store) => take(tries.map(counted), store),
    },
    acquaintances: {
      knows: async (key, store) =>
        metHere.get(key) === true || (await store.read((tx) => tx.tries.wait(known(key)))) > 0,
      async meet(key, store) {
        if (metHere.get(key) === true) return
        await store.write((tx) => tx.tries.count(known(key)))
        metHere.set(key, true, 1, clock() + hour)
      },
    },
    takeReset: ({ email, network }, store) =>
      take(
        [
          { key: hide(`reset ${email}`), ...resets },
          { key: hide(`network reset ${network}`), ...networkResets },
        ],
        store,
      ),
  }
}

const acquaintance = 24 * hour

/** Keys in memory, of each kind. */
export const mostKeys = 20_000

/** How many in which span of milliseconds. */
export interface Rate {
  readonly most: number
  readonly span: number
}

export interface TryLimit {
  /** Seconds until the key may try again; 0 if it may now. */
  wait(key: string): number
  count(key: string): void
}

/** At most this many, for each key. */
export function createTryLimit({ most, span }: Rate, clock: () => number): TryLimit {
  const tries = createWeightedKeys<readonly number[]>(mostKeys, clock)
  const recentOf = (key: string) => (tries.get(key) ?? []).filter((at) => clock() - at < span)
  return {
    wait(key) {
      const recent = recentOf(key)
      const oldest = recent.at(-most)
      return oldest === undefined ? 0 : Math.max(1, Math.ceil((oldest + span - clock()) / 1000))
    },
    count(key) {
      const recent = [...recentOf(key), clock()].slice(-most)
      tries.set(key, recent, recent.length / most, clock() + span)
    },
  }
}
