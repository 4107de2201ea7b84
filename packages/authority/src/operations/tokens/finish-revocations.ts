// Marks the remaining tokens of large revocations, step by step. They are dead already.
import type { DescendantsRevoked } from '../../domain/token.ts'
import type { AsideContext } from '../perform/operation.ts'

/**
 * Goes on with what the transaction left, for a caller who waits only for the number of tokens. Takes a hundred steps at most, each in
 * a transaction between those of others. If the store fails, the rest is done later.
 */
export async function finishRevocations<Output extends { readonly descendants: DescendantsRevoked }>(
  { environment, caller, write }: AsideContext,
  output: Output,
): Promise<Output> {
  let { revoked, more } = output.descendants
  try {
    for (let step = 0; more && step < mostSteps; step++) {
      const done = await write((tx) => tx.tokens.continueRevocations(), { isUrgent: true, isStep: true })
      revoked += done.revoked
      more = done.more
    }
  } catch (error) {
    // No token lives longer because of it.
    environment.report(error, caller.requestId)
  }
  return { ...output, descendants: { revoked, more } }
}

const mostSteps = 100
