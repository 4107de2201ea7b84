// How long a Pod may wait for what keeps it from starting, and may pass.
import type { EngineError } from '../engine-error.ts'

/** Why a Pod does not start; `isPassing` if that may change by itself in a moment. */
export interface Trouble {
  readonly error: EngineError
  readonly isPassing: boolean
}

export interface Patience {
  /** Aborted with the error of a trouble that has lasted too long. */
  readonly signal: AbortSignal
  /** Of each state of the Pod. @throws the error of a trouble that does not pass by itself */
  note(trouble: Trouble | undefined): void
  end(): void
}

export function createPatience(milliseconds: number): Patience {
  const controller = new AbortController()
  let waiting: NodeJS.Timeout | undefined
  let last: EngineError | undefined
  const forget = (): void => {
    clearTimeout(waiting)
    waiting = undefined
  }
  return {
    signal: controller.signal,
    note(trouble) {
      if (trouble === undefined) return forget()
      if (!trouble.isPassing) throw trouble.error
      last = trouble.error
      waiting ??= setTimeout(() => controller.abort(last), milliseconds)
    },
    end: forget,
  }
}
