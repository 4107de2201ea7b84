// A cache that is limited by bytes, not by entries. SIEVE (Zhang et al., NSDI 2024): a hit only sets a bit.

interface Entry<Value> {
  readonly key: string
  readonly value: Value
  readonly weight: number
  visited: boolean
  newer: Entry<Value> | undefined
  older: Entry<Value> | undefined
}

/** Keeps values of up to `capacity` bytes together. */
export class WeightedCache<Value> {
  readonly #entries = new Map<string, Entry<Value>>()
  readonly #capacity: number
  #weight = 0
  #newest: Entry<Value> | undefined
  #oldest: Entry<Value> | undefined
  #hand: Entry<Value> | undefined

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    entry.visited = true
    return entry.value
  }

  /** `weight` is the size of key and value in bytes. A value above the capacity is not kept. */
  set(key: string, value: Value, weight: number): void {
    if (weight > this.#capacity || this.#entries.has(key)) return
    while (this.#weight + weight > this.#capacity) this.#evict()
    const entry: Entry<Value> = { key, value, weight, visited: false, newer: undefined, older: this.#newest }
    if (this.#newest !== undefined) this.#newest.newer = entry
    this.#newest = entry
    this.#oldest ??= entry
    this.#entries.set(key, entry)
    this.#weight += weight
  }

  delete(key: string): void {
    const entry = this.#entries.get(key)
    if (entry !== undefined) this.#remove(entry)
  }

  /** The bytes of all entries. */
  get weight(): number {
    return this.#weight
  }

  #evict(): void {
    let candidate = this.#hand ?? this.#oldest
    while (candidate?.visited === true) {
      candidate.visited = false
      candidate = candidate.newer ?? this.#oldest
    }
    if (candidate === undefined) return
    this.#hand = candidate.newer
    this.#remove(candidate)
  }

  #remove(entry: Entry<Value>): void {
    const { newer, older } = entry
    if (this.#hand === entry) this.#hand = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    this.#entries.delete(entry.key)
    this.#weight -= entry.weight
  }
}
