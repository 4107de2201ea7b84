// Reports the condition of the database to the operator, once for each change, however many requests notice it.
import type { Trouble } from '../domain/store.ts'

/** Called for each change; undefined means that the trouble has ended. */
export type ReportCondition = (what: 'reads' | 'writes', trouble: Trouble | undefined, cause?: unknown) => void

export class Condition {
  readonly #report: ReportCondition
  readonly #known = new Map<'reads' | 'writes', Trouble['reason']>()

  constructor(report: ReportCondition) {
    this.#report = report
  }

  note(what: 'reads' | 'writes', trouble: (Trouble & { readonly cause?: unknown }) | undefined): void {
    const state = trouble && stateOf(trouble.reason)
    // Damage ends the store: whatever was in progress then reports nothing new.
    if (this.#known.get(what) === 'damaged') return
    if (this.#known.get(what) === state) return
    if (state === undefined) this.#known.delete(what)
    else this.#known.set(what, state)
    this.#report(what, trouble, trouble?.cause)
  }
}

/** A server that is gone refuses connections or does not answer; both are one state. */
function stateOf(reason: Trouble['reason']): Trouble['reason'] {
  return reason === 'slow' ? 'unreachable' : reason
}
