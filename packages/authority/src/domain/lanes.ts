// Waiting items in lanes that take turns: nobody waits behind a crowd in another lane.

export class Lanes<Item> {
  // In the order of their turns.
  readonly #lanes = new Map<string, Set<Item>>()
  #size = 0

  /** How many wait in all lanes. */
  get size(): number {
    return this.#size
  }

  add(lane: string, item: Item): void {
    const waiting = this.#lanes.get(lane)
    if (waiting === undefined) this.#lanes.set(lane, new Set([item]))
    else waiting.add(item)
    this.#size += 1
  }

  /** Removes the next item that may go. If more wait in its lane, the lane goes behind all others. */
  take(mayGo: (item: Item) => boolean = () => true): Item | undefined {
    for (const [lane, waiting] of this.#lanes) {
      for (const item of waiting) {
        if (!mayGo(item)) continue
        this.#lanes.delete(lane)
        if (waiting.size > 1) this.#lanes.set(lane, waiting)
        waiting.delete(item)
        this.#size -= 1
        return item
      }
    }
    return undefined
  }

  /** Removes the newest item of the longest lane, whoever came last: so no crowd keeps others out. */
  takeFromLongest(): Item | undefined {
    let [longest, most]: [string, ReadonlySet<Item>] = ['', new Set()]
    for (const [lane, waiting] of this.#lanes) if (waiting.size >= most.size) [longest, most] = [lane, waiting]
    const newest = [...most].at(-1)
    if (newest !== undefined) this.delete(longest, newest)
    return newest
  }

  delete(lane: string, item: Item): void {
    const waiting = this.#lanes.get(lane)
    if (waiting?.delete(item) !== true) return
    this.#size -= 1
    if (waiting.size === 0) this.#lanes.delete(lane)
  }
}
