// Limits how many pieces of work go on at once. The others wait in line.

export interface Slots {
  run<T>(work: () => Promise<T>): Promise<T>
}

export function createSlots(atOnce: number): Slots {
  const waiting: (() => void)[] = []
  let free = atOnce
  return {
    async run(work) {
      if (free > 0) free -= 1
      else await new Promise<void>((resolve) => waiting.push(resolve))
      try {
        return await work()
      } finally {
        const next = waiting.shift()
        // The next one gets the place.
        if (next === undefined) free += 1
        else next()
      }
    },
  }
}
