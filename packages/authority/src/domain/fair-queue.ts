// Runs a limited number of expensive jobs at once. Waiting jobs take turns by lane, so nobody waits behind a crowd.

/** The lane and the key of a waiting job. */
export interface Turn {
  /** All jobs in a lane share one turn: a network. */
  readonly lane: string
  /** Jobs with the same lane and key run one at a time. */
  readonly key: string
}

export interface FairQueue {
  /**
   * Runs the work when its turn comes.
   * @throws the error of `refuse`, if too many wait and no other lane has more waiting than this one
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
  // In the order of their turns.
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
      // If more wait in the lane, it goes behind all others.
      lanes.delete(lane)
      if (queue.length > 0) lanes.set(lane, queue)
      return next
    }
    return undefined
  }

  /** The longest lane loses its newest job, whoever came last: so no crowd keeps others out. */
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
