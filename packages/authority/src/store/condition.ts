// Reports the condition of the database to the operator, once for each change, however many requests meet it.
import type { Trouble } from '../domain/store.ts'

/** Called for one line each; undefined ends the trouble. */
export type TellCondition = (what: 'reads' | 'writes', trouble: Trouble | undefined, cause?: unknown) => void

export class Condition {
  readonly #tell: TellCondition
  readonly #known = new Map<'reads' | 'writes', Trouble['reason']>()

  constructor(tell: TellCondition) {
    this.#tell = tell
  }

  note(what: 'reads' | 'writes', trouble: (Trouble & { readonly cause?: unknown }) | undefined): void {
    const state = trouble && stateOf(trouble.reason)
    // Damage ends the store: whatever was in progress then reports nothing new.
    if (this.#known.get(what) === 'damaged') return
    if (this.#known.get(what) === state) return
    if (state === undefined) this.#known.delete(what)
    else this.#known.set(what, state)
    this.#tell(what, trouble, trouble?.cause)
  }
}

/** A server that is gone refuses connections or does not answer; both are one state. */
function stateOf(reason: Trouble['reason']): Trouble['reason'] {
  return reason === 'slow' ? 'unreachable' : reason
}
