// Remembers what was verified, never what was decided: signatures do not change, while revocations and caveats are
// looked at on every request. SIEVE (Zhang et al., NSDI 2024): a hit only sets a bit.

interface Entry<Value> {
  readonly key: string
  readonly value: Value
  visited: boolean
  newer: Entry<Value> | undefined
  older: Entry<Value> | undefined
}

/** Keeps up to `capacity` values; keys longer than `longestKey` characters are not kept at all. */
export class VerificationCache<Value> {
  readonly #entries = new Map<string, Entry<Value>>()
  readonly #capacity: number
  readonly #longestKey: number
  #newest: Entry<Value> | undefined
  #oldest: Entry<Value> | undefined
  #hand: Entry<Value> | undefined

  constructor(capacity: number, longestKey: number) {
    this.#capacity = capacity
    this.#longestKey = longestKey
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    entry.visited = true
    return entry.value
  }

  set(key: string, value: Value): void {
    if (key.length > this.#longestKey || this.#entries.has(key)) return
    if (this.#entries.size >= this.#capacity) this.#evict()
    const entry: Entry<Value> = { key, value, visited: false, newer: undefined, older: this.#newest }
    if (this.#newest !== undefined) this.#newest.newer = entry
    this.#newest = entry
    this.#oldest ??= entry
    this.#entries.set(key, entry)
  }

  get size(): number {
    return this.#entries.size
  }

  #evict(): void {
    let candidate = this.#hand ?? this.#oldest
    while (candidate?.visited === true) {
      candidate.visited = false
      candidate = candidate.newer ?? this.#oldest
    }
    if (candidate === undefined) return
    this.#hand = candidate.newer
    if (candidate.newer === undefined) this.#newest = candidate.older
    else candidate.newer.older = candidate.older
    if (candidate.older === undefined) this.#oldest = candidate.newer
    else candidate.older.newer = candidate.newer
    this.#entries.delete(candidate.key)
  }
}
