// How long to wait before a reader opens the next stream: a thousand of them must not come back at once.

/** Milliseconds. */
const first = 200
const longest = 5000

/** Grows with each failure in turn. `random` gives numbers from 0 to 1. */
export class BackOff {
  readonly #random: () => number
  #failures = 0

  constructor(random: () => number) {
    this.#random = random
  }

  /** A stream has worked. */
  reset(): void {
    this.#failures = 0
  }

  /** Milliseconds to wait now, from half of the time to all of it; `least` if somebody has asked for more. */
  next(least = 0): number {
    const wait = Math.min(first * 2 ** this.#failures, longest)
    this.#failures = Math.min(this.#failures + 1, 10)
    return Math.max(wait * (0.5 + this.#random() / 2), Math.min(least, 60_000))
  }
}
