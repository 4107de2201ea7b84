// Tells whoever runs the server how the database is: once when it changes, however many requests meet with it.
import type { Trouble } from '../domain/store.ts'

/** Told in one line each; undefined is the end of the trouble. */
export type TellCondition = (what: 'reads' | 'writes', trouble: Trouble | undefined, cause?: unknown) => void

export class Condition {
  readonly #tell: TellCondition
  readonly #known = new Map<'reads' | 'writes', Trouble['reason']>()

  constructor(tell: TellCondition) {
    this.#tell = tell
  }

  note(what: 'reads' | 'writes', trouble: (Trouble & { readonly cause?: unknown }) | undefined): void {
    const state = trouble && stateOf(trouble.reason)
    // It ends the store: whatever was under way then says nothing new.
    if (this.#known.get(what) === 'damaged') return
    if (this.#known.get(what) === state) return
    if (state === undefined) this.#known.delete(what)
    else this.#known.set(what, state)
    this.#tell(what, trouble, trouble?.cause)
  }
}

/** A server that is gone is found out now by a refused connection, now by one that nobody answers. */
function stateOf(reason: Trouble['reason']): Trouble['reason'] {
  return reason === 'slow' ? 'unreachable' : reason
}
