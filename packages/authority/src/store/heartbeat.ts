// Finds out by a write whether writes are taken, for whoever asks how the store is: once a second at most, and in time.
import type { Trouble } from '../domain/store.ts'
import { StoreTrouble } from './trouble.ts'

export class Heartbeat {
  readonly #beat: () => Promise<unknown>
  readonly #now: () => number
  #asked = -Infinity
  #last: Promise<Trouble | undefined> | undefined
  #pending = false

  /** @param now milliseconds of a clock that nobody sets */
  constructor(beat: () => Promise<unknown>, now: () => number) {
    this.#beat = beat
    this.#now = now
  }

  /** What stands in the way of a write; answered within a second and a half. */
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
