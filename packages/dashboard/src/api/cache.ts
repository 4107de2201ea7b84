// What the authority answered, kept by key for as long as a page looks at it: one request at a time for each, asked again
// when it is called out of date, when the person comes back to the page, and when the network does.
import { ApiError, ConnectionError } from '@hallpass/client'

export type Key = readonly unknown[]

export interface Snapshot<Data> {
  readonly data: Data | undefined
  /** Why the newest attempt failed; null where it did not, or is still under way for the first time. */
  readonly error: Error | null
  readonly isFetching: boolean
}

export interface Asking<Data> {
  readonly key: Key
  readonly ask: () => Promise<Data>
  /** Milliseconds for which an answer is as good as new. */
  readonly freshFor: number
}

interface Entry {
  readonly key: Key
  snapshot: Snapshot<unknown>
  answeredAt: number
  isOutdated: boolean
  /** Which attempt counts: the answer to an earlier one comes too late. */
  attempt: number
  running: Promise<void> | undefined
  /** Those who look at it; the newest says how to ask. */
  readonly watchers: Map<() => void, Asking<unknown>>
  forgetting: ReturnType<typeof setTimeout> | undefined
}

const nothing: Snapshot<unknown> = { data: undefined, error: null, isFetching: true }
const keptFor = 5 * 60_000
const pauses = [1000, 2000]

export class Cache {
  readonly #entries = new Map<string, Entry>()
  readonly #onRefused: () => void

  /** @param onRefused called where an answer says that nobody is logged in */
  constructor(onRefused: (cache: Cache) => void) {
    this.#onRefused = () => onRefused(this)
  }

  read(key: Key): Snapshot<unknown> {
    return this.#entries.get(JSON.stringify(key))?.snapshot ?? nothing
  }

  /** Looks at what a key stands for, asks for it where that is needed, and says when it changes. */
  watch(asking: Asking<unknown>, changed: () => void): () => void {
    const entry = this.#entry(asking.key)
    clearTimeout(entry.forgetting)
    entry.watchers.set(changed, asking)
    if (this.#isStale(entry, asking.freshFor)) void this.#fetch(entry)
    return () => {
      entry.watchers.delete(changed)
      if (entry.watchers.size === 0) entry.forgetting = setTimeout(() => this.#forget(entry), keptFor)
    }
  }

  /** Everything whose key begins so is out of date; resolves when what is looked at has been asked for again. */
  async invalidate(beginning: Key): Promise<void> {
    const entries = [...this.#entries.values()].filter(({ key }) =>
      beginning.every((part, index) => JSON.stringify(part) === JSON.stringify(key[index])),
    )
    for (const entry of entries) entry.isOutdated = true
    await Promise.all(entries.map((entry) => this.#fetch(entry, { anew: true })))
  }

  refetch(key: Key): Promise<void> {
    return this.#fetch(this.#entry(key), { anew: true })
  }

  set(key: Key, data: unknown): void {
    const entry = this.#entry(key)
    entry.attempt += 1
    this.#settle(entry, { data, error: null, isFetching: false })
  }

  /** The person is here again, or the network is: what they look at is asked for again. */
  refresh(): void {
    for (const entry of this.#entries.values()) {
      const asking = askingOf(entry)
      if (asking !== undefined && this.#isStale(entry, asking.freshFor)) void this.#fetch(entry)
    }
  }

  /** A request that changes something failed; whoever is logged out should hear of it. */
  notice(error: unknown): void {
    if (error instanceof ApiError && error.code === 'unauthenticated') this.#onRefused()
  }

  #entry(key: Key): Entry {
    const name = JSON.stringify(key)
    const entry = this.#entries.get(name) ?? {
      key,
      snapshot: nothing,
      answeredAt: Number.NEGATIVE_INFINITY,
      isOutdated: false,
      attempt: 0,
      running: undefined,
      watchers: new Map<() => void, Asking<unknown>>(),
      forgetting: undefined,
    }
    this.#entries.set(name, entry)
    return entry
  }

  #forget(entry: Entry): void {
    if (entry.watchers.size === 0) this.#entries.delete(JSON.stringify(entry.key))
  }

  #isStale({ answeredAt, isOutdated, snapshot }: Entry, freshFor: number): boolean {
    return isOutdated || snapshot.error !== null || Date.now() - answeredAt >= freshFor
  }

  #fetch(entry: Entry, { anew = false } = {}): Promise<void> {
    const asking = askingOf(entry)
    if (asking === undefined) return Promise.resolve()
    if (entry.running === undefined || anew) entry.running = this.#attempt(entry, asking)
    return entry.running
  }

  async #attempt(entry: Entry, { ask }: Asking<unknown>): Promise<void> {
    const attempt = (entry.attempt += 1)
    entry.isOutdated = false
    this.#publish(entry, { ...entry.snapshot, isFetching: true })
    for (let tries = 0; ; tries += 1) {
      try {
        const data = await ask()
        if (entry.attempt === attempt) this.#settle(entry, { data, error: null, isFetching: false })
        return
      } catch (cause) {
        if (entry.attempt !== attempt) return
        const error = cause instanceof Error ? cause : new Error('unknown', { cause })
        const pause = isWorthAnotherTry(error) ? pauses[tries] : undefined
        if (pause === undefined) {
          this.notice(error)
          this.#settle(entry, { data: entry.snapshot.data, error, isFetching: false })
          return
        }
        await new Promise((resolve) => setTimeout(resolve, pause))
      }
    }
  }

  #settle(entry: Entry, snapshot: Snapshot<unknown>): void {
    entry.running = undefined
    if (snapshot.error === null) entry.answeredAt = Date.now()
    this.#publish(entry, snapshot)
  }

  #publish(entry: Entry, snapshot: Snapshot<unknown>): void {
    entry.snapshot = snapshot
    for (const changed of entry.watchers.keys()) changed()
  }
}

/** A no stays a no, and what answers wrongly where all seems well goes on doing so. */
function isWorthAnotherTry(error: Error): boolean {
  if (error instanceof ConnectionError) return (error.details.status ?? 500) >= 500
  return !(error instanceof ApiError)
}

function askingOf({ watchers }: Entry): Asking<unknown> | undefined {
  return [...watchers.values()].at(-1)
}
