// Marks the remaining tokens of large revocations, step by step. They are dead already.
import type { DescendantsRevoked } from '../../domain/token.ts'
import type { CommittedContext } from '../perform/operation.ts'

/**
 * Takes at most this many steps, each in a transaction between those of others. If the store fails, the rest is done
 * later.
 */
export async function finishRevocations(
  { environment, caller, write }: CommittedContext,
  steps: number,
): Promise<DescendantsRevoked> {
  let revoked = 0
  try {
    for (let step = 0; step < steps; step++) {
      const done = await write((tx) => tx.tokens.continueRevocations(), {
        isUrgent: true,
        isStep: true,
      })
      revoked += done.revoked
      if (!done.more) return { revoked, more: false }
    }
  } catch (error) {
    // No token lives longer because of it.
    environment.report(error, caller.requestId)
  }
  return { revoked, more: true }
}
