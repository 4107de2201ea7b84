// What look-ups were answered last. Work runs ahead on it, while the database is asked all the same, for all of them in one
// round trip: nothing is answered before it is known that they are answered the same still.
import type { Answer } from './postgres-batch.ts'

export class Foresight {
  readonly #found = new Map<string, Answer>()
  readonly #missing = new Map<string, Answer>()

  get(key: string): Answer | undefined {
    return this.#found.get(key) ?? this.#missing.get(key)
  }

  set(key: string, answer: Answer): void {
    if (key.length > longest) return
    const [into, from] = answer.count > 0 ? [this.#found, this.#missing] : [this.#missing, this.#found]
    from.delete(key)
    into.delete(key)
    into.set(key, answer)
    // Apart, for anybody may ask for what is not there, and puts out nothing that is.
    if (into.size > most) for (const eldest of into.keys()) return void into.delete(eldest)
  }
}

// Rows of a few hundred bytes; what strangers ask for may be as long as a request.
const most = 10_000
const longest = 512
