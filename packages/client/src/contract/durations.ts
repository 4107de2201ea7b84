// Durations in the contract.
import type { z } from 'zod'

import { DurationError } from '../duration.ts'

/** Reports the error of a parser of durations. */
export function checkedBy<Value>(parse: (value: Value) => number) {
  return (value: Value, context: z.RefinementCtx): void => {
    try {
      parse(value)
    } catch (error) {
      if (!(error instanceof DurationError)) throw error
      context.addIssue({ code: 'custom', message: error.message })
    }
  }
}
