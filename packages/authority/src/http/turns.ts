// Turns: work that arrives faster than it is done waits in one line for each network, and the lines take turns.

export interface Turns {
  /**
   * Runs the work piece by piece, now or when the turn of its line comes. Each call does one piece and returns whether
   * there is another, which then waits behind the others of its line. It must not throw.
   */
  take(line: string, work: Work): void
  /** Whether the work of this turn has already taken its time. */
  isLate(): boolean
}

type Work = () => boolean

/** Milliseconds of each turn of the event loop for beginning work, before everything else runs again. */
const share = 10

/**
 * `now` in milliseconds. Work in a line runs in order. Between two pieces of one line comes one piece of every other
 * waiting line, so nobody waits for more than one piece of another line.
 */
export function createTurns(now: () => number): Turns {
  const lines = new Map<string, Work[]>()
  let began: number | undefined

  /** Work that arrives during a turn counts for its time. */
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
    // Moves the line to the end of the round, or removes it.
    lines.delete(line)
    if (waiting.length > 0) lines.set(line, waiting)
    if (work?.() === true) wait(line, work)
    // Promise jobs of the work run first, because they count for this turn.
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
    isLate: () => began !== undefined && now() - began >= share,
  }
}
