// Runs a limited number of expensive jobs at once. Waiting jobs take turns by lane, so nobody waits behind a crowd.
import { Lanes } from './lanes.ts'

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
  const lanes = new Lanes<Waiting>()
  const busy = new Set<string>()

  function startNext(): void {
    while (busy.size < atOnce) {
      const next = lanes.take(({ key }) => !busy.has(key))
      if (next === undefined) return
      busy.add(next.key)
      next.start()
    }
  }

  return {
    async run({ lane, key }, work) {
      const name = `${lane} ${key}`
      await new Promise<void>((start, giveUp) => {
        lanes.add(lane, { key: name, start, refuse: giveUp })
        startNext()
        if (lanes.size > longest) lanes.takeFromLongest()?.refuse(refuse())
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
