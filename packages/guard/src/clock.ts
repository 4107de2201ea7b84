// How much time has passed, told by two clocks of which each may be wrong.

/** Both in milliseconds. */
export interface Clocks {
  /** Counts on, but may stand still while the machine sleeps. */
  readonly monotonic: () => number
  /** Counts on while it sleeps, but may be set. */
  readonly wall: () => number
}

export const ownClocks: Clocks = { monotonic: () => performance.now(), wall: () => Date.now() }

/** Milliseconds by which the clocks may differ before one of them must have been set, or have slept. */
const tolerance = 250
/** Milliseconds after which they are compared anew: what was set back must not make up for a sleep long after. */
const span = 10_000

/** Counts the milliseconds since it was made: never fewer than have passed, but for the tolerance. */
export class ElapsedTime {
  readonly #clocks: Clocks
  #monotonic: number
  #wall: number
  /** Up to when both were compared. */
  #base = 0
  #latest = 0
  #leaps = 0

  constructor(clocks: Clocks) {
    this.#clocks = clocks
    this.#monotonic = clocks.monotonic()
    this.#wall = clocks.wall()
  }

  now(): number {
    const [monotonic, wall] = [this.#clocks.monotonic(), this.#clocks.wall()]
    const [counted, told] = [monotonic - this.#monotonic, wall - this.#wall]
    const elapsed = this.#base + Math.max(counted, told)
    if (elapsed > this.#latest) this.#latest = elapsed
    const hasLeapt = Math.abs(counted - told) > tolerance
    if (hasLeapt) this.#leaps += 1
    if (hasLeapt || counted > span) {
      this.#base = this.#latest
      this.#monotonic = monotonic
      this.#wall = wall
    }
    return this.#latest
  }

  /** How often the clocks have disagreed: then nobody knows what time it is, though no trust lasts for too long. */
  get leaps(): number {
    return this.#leaps
  }
}

/** The time of the authority, as far as its answers tell it. */
export class AuthorityTime {
  readonly #elapsed: ElapsedTime
  #told: { readonly time: number; readonly sent: number; readonly leaps: number } | undefined

  constructor(elapsed: ElapsedTime) {
    this.#elapsed = elapsed
  }

  /** An answer said this time, in milliseconds since 1970, to a question that was sent then. */
  tell(time: number, sent: Moment): void {
    if (this.#told === undefined || sent.elapsed >= this.#told.sent || sent.leaps > this.#told.leaps) {
      this.#told = { time, sent: sent.elapsed, leaps: sent.leaps }
    }
  }

  /** Milliseconds since 1970, not too early; undefined where it is not known. */
  at(elapsed: number): number | undefined {
    if (this.#told === undefined || this.#told.leaps !== this.#elapsed.leaps) return undefined
    return this.#told.time + (elapsed - this.#told.sent)
  }
}

/** When something was sent, by an `ElapsedTime`. */
export interface Moment {
  readonly elapsed: number
  readonly leaps: number
}
