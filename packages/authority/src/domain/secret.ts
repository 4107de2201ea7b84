// A value that must never reach a log, an error or a JSON document. It prints as [secret].
import { inspect } from 'node:util'

const hidden = '[secret]'

export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself, for the one place that gives it to its owner or hashes it. */
  reveal(): string {
    return this.#value
  }

  /** A secret derived from this one. */
  map(make: (value: string) => string): Secret {
    return new Secret(make(this.#value))
  }

  toString(): string {
    return hidden
  }

  toJSON(): string {
    return hidden
  }

  [inspect.custom](): string {
    return hidden
  }
}
