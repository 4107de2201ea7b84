// Turns: work that comes faster than it is done waits in lines, one for each network, and the lines take turns.

export interface Turns {
  /**
   * Does the work, a piece after the other, now or when the turn of its line comes. The work does one piece and tells
   * whether it has another one, which then waits behind all others of its line. It throws nothing.
   */
  take(line: string, work: Work): void
}

type Work = () => boolean

/** Milliseconds of one turn of the event loop that go into beginning work, before everything else is looked at again. */
const share = 10

/**
 * `now` in milliseconds. Every line gets its work done in order; between two pieces of one line comes one of each other
 * line that waits, so that nobody's work makes others wait for more than one of their own pieces.
 */
export function createTurns(now: () => number): Turns {
  const lines = new Map<string, Work[]>()
  let began: number | undefined

  /** Of one turn: until it ends, what comes is added to the time that it may take. */
  function beginTurn(): void {
    began = now()
    setImmediate(endTurn)
  }

  function endTurn(): void {
    began = undefined
    if (lines.size === 0) return
    beginTurn()
    goOn(began ?? 0)
  }

  function goOn(start: number): void {
    const [first] = lines
    if (first === undefined) return
    const [line, waiting] = first
    const work = waiting.shift()
    // To the end of the round, or out of it.
    lines.delete(line)
    if (waiting.length > 0) lines.set(line, waiting)
    if (work?.() === true) wait(line, work)
    // What the work has promised is done first, as far as it goes without waiting: it counts for this turn.
    queueMicrotask(() => process.nextTick(() => void (now() - start < share && goOn(start))))
  }

  function wait(line: string, work: Work): void {
    const waiting = lines.get(line)
    if (waiting === undefined) lines.set(line, [work])
    else waiting.push(work)
  }

  return {
    take(line, work) {
      if (began === undefined) beginTurn()
      while (lines.size === 0 && now() - (began ?? 0) < share) if (!work()) return
      wait(line, work)
    },
  }
}
