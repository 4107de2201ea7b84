// Writes down, step by step, what revocations left because it was much; it is dead already.
import type { DescendantsRevoked } from '../../domain/token.ts'
import type { CommittedContext } from '../perform/operation.ts'

/** At most so many steps, each a transaction between those of others. A store that fails leaves the rest for later. */
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
    // Nothing lives for it.
    environment.report(error, caller.requestId)
  }
  return { revoked, more: true }
}
