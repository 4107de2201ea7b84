// Limits how many pieces of work go on at once. The others wait in line, and those who wait take turns.

export interface Slots {
  /** @param owner whose work it is: one who has much of it holds up no other */
  run<T>(owner: number, work: () => Promise<T>): Promise<T>
}

export function createSlots(atOnce: number): Slots {
  /** By owner, in the order of their turns. */
  const waiting = new Map<number, (() => void)[]>()
  let free = atOnce

  function takeNext(): (() => void) | undefined {
    for (const [owner, line] of waiting) {
      const next = line.shift()
      waiting.delete(owner)
      if (line.length > 0) waiting.set(owner, line)
      return next
    }
    return undefined
  }

  return {
    async run(owner, work) {
      if (free > 0) free -= 1
      else {
        const line = waiting.get(owner) ?? []
        waiting.set(owner, line)
        await new Promise<void>((resolve) => line.push(resolve))
      }
      try {
        return await work()
      } finally {
        const next = takeNext()
        // The next one gets the place.
        if (next === undefined) free += 1
        else next()
      }
    },
  }
}
