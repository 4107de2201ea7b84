// Finds out by a write whether writes work, for health checks: at most once a second, and in time.
import type { Trouble } from '../domain/store.ts'
import { StoreTrouble } from './trouble.ts'

export class Heartbeat {
  readonly #beat: () => Promise<unknown>
  readonly #now: () => number
  #asked = -Infinity
  #last: Promise<Trouble | undefined> | undefined
  #pending = false

  /** @param now milliseconds of a monotonic clock */
  constructor(beat: () => Promise<unknown>, now: () => number) {
    this.#beat = beat
    this.#now = now
  }

  /** What prevents a write; answered within a second and a half. */
  async check(): Promise<Trouble | undefined> {
    if (this.#last === undefined || (!this.#pending && this.#now() - this.#asked >= 1000)) {
      this.#asked = this.#now()
      this.#last = this.#try()
    }
    let late: NodeJS.Timeout | undefined
    const limit = new Promise<Trouble>((resolve) => {
      late = setTimeout(() => resolve(new StoreTrouble('slow', 'read')), patience)
    })
    try {
      return await Promise.race([this.#last, limit])
    } finally {
      clearTimeout(late)
    }
  }

  async #try(): Promise<Trouble | undefined> {
    this.#pending = true
    try {
      await this.#beat()
      return undefined
    } catch (error) {
      return error instanceof StoreTrouble ? error : new StoreTrouble('unreachable', 'read', error)
    } finally {
      this.#pending = false
    }
  }
}

const patience = 1500
