// The last answers to look-ups. Work continues with them while the database is asked for all of them in one round trip.
// Nothing is answered before the new answers are compared with these.
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
    // Two maps: anybody can ask for rows that do not exist, and that must not push out rows that do.
    if (into.size > most) for (const eldest of into.keys()) return void into.delete(eldest)
  }
}

// Answers and characters of a key. Rows have a few hundred bytes, but a key from a stranger may be as long as a request.
const most = 10_000
const longest = 512
