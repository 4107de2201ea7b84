// Lets a bounded number of costly things run at once, and those who wait take turns by lane: nobody waits behind a crowd.

/** In whose name something waits. */
export interface Turn {
  /** Who shares one turn with whom: a network. */
  readonly lane: string
  /** Of one lane and key, one runs at a time. */
  readonly key: string
}

export interface FairQueue {
  /**
   * Runs the work when its turn comes.
   * @throws what `refuse` makes, where too many wait and nobody has more of them than this lane
   */
  run<T>(turn: Turn, work: () => Promise<T>): Promise<T>
}

interface Waiting {
  readonly key: string
  readonly start: () => void
  readonly refuse: (error: Error) => void
}

export function createFairQueue(options: {
  readonly atOnce: number
  readonly longest: number
  readonly refuse: () => Error
}): FairQueue {
  const { atOnce, longest, refuse } = options
  // In the order in which their turns come.
  const lanes = new Map<string, Waiting[]>()
  const busy = new Set<string>()
  let waiting = 0

  function startNext(): void {
    while (busy.size < atOnce) {
      const next = takeNext()
      if (next === undefined) return
      waiting -= 1
      busy.add(next.key)
      next.start()
    }
  }

  function takeNext(): Waiting | undefined {
    for (const [lane, queue] of lanes) {
      const index = queue.findIndex(({ key }) => !busy.has(key))
      const [next] = index < 0 ? [] : queue.splice(index, 1)
      if (next === undefined) continue
      // Behind all others, where anybody is left.
      lanes.delete(lane)
      if (queue.length > 0) lanes.set(lane, queue)
      return next
    }
    return undefined
  }

  /** The longest lane bears what is too much, whoever came last: so no crowd keeps others out. */
  function makeRoom(): void {
    if (waiting <= longest) return
    let [fullest, most] = ['', 0]
    for (const [lane, { length }] of lanes) if (length >= most) [fullest, most] = [lane, length]
    const queue = lanes.get(fullest)
    queue?.pop()?.refuse(refuse())
    if (queue?.length === 0) lanes.delete(fullest)
    waiting -= 1
  }

  return {
    async run({ lane, key }, work) {
      const name = `${lane} ${key}`
      await new Promise<void>((start, giveUp) => {
        const one = { key: name, start, refuse: giveUp }
        const queue = lanes.get(lane)
        if (queue === undefined) lanes.set(lane, [one])
        else queue.push(one)
        waiting += 1
        startNext()
        makeRoom()
      })
      try {
        return await work()
      } finally {
        busy.delete(name)
        startNext()
      }
    },
  }
}
