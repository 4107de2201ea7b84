/** For tests: what a call throws. */

import { MacaroonError } from '../errors.ts'

/** The MacaroonError that a call throws. Any other error, or none, is a failure. */
export function caught(call: () => unknown): MacaroonError {
  const error = attempt(call)
  if (error === undefined) throw new Error('nothing was thrown')
  return error
}

/** The code of the MacaroonError that a call throws, or 'nothing'. Any other error is a failure. */
export function codeOf(call: () => unknown): string {
  return attempt(call)?.code ?? 'nothing'
}

function attempt(call: () => unknown): MacaroonError | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    if (error instanceof MacaroonError) return error
    throw error
  }
}
