// Finishes deletions and revocations of many rows in steps.
import type { Chore } from './worker.ts'

export const removeLeftovers: Chore = {
  name: 'removing what deletions and upgrades left',
  isDue: (tx) => tx.leftovers.exist(),
  step: (tx) => tx.leftovers.remove(),
}

export const finishRevocations: Chore = {
  name: 'marking revoked tokens',
  isDue: (tx) => tx.tokens.revocationsAreUnfinished(),
  step: async (tx) => (await tx.tokens.continueRevocations()).more,
}
