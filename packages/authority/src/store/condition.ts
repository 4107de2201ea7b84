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
    if (this.#known.get(what) === trouble?.reason) return
    if (trouble === undefined) this.#known.delete(what)
    else this.#known.set(what, trouble.reason)
    this.#tell(what, trouble, trouble?.cause)
  }
}
