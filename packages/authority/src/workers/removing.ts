// What is removed and written down in steps after it was done in one: deletions, and revocations of much.
import type { Chore } from './worker.ts'

export const removeLeftovers: Chore = {
  name: 'what deletions and upgrades left',
  isDue: (tx) => tx.leftovers.exist(),
  step: (tx) => tx.leftovers.remove(),
}

export const finishRevocations: Chore = {
  name: 'writing down revocations',
  isDue: (tx) => tx.tokens.revocationsAreUnfinished(),
  step: async (tx) => (await tx.tokens.continueRevocations()).more,
}
