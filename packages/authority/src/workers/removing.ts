// Finishes deletions and revocations of many rows in steps.
import type { Chore } from './worker.ts'

export const removeLeftovers: Chore = {
  name: 'removing what deletions and upgrades left',
  isDue: (tx) => tx.leftovers.exist(),
  step: (tx) => tx.leftovers.remove(),
}

/** How long a machine or volume that was destroyed can still be asked about. */
const remembered = 24 * 3_600_000

export function forgetMachines(now: () => number): Chore {
  return {
    name: 'forgetting destroyed machines',
    isDue: (tx) => tx.machines.hasDestroyed(now() - remembered),
    step: (tx) => tx.machines.deleteDestroyed(now() - remembered),
  }
}

export function forgetVolumes(now: () => number): Chore {
  return {
    name: 'forgetting destroyed volumes',
    isDue: (tx) => tx.volumes.hasDestroyed(now() - remembered),
    step: (tx) => tx.volumes.deleteDestroyed(now() - remembered),
  }
}

export const finishRevocations: Chore = {
  name: 'marking revoked tokens',
  isDue: (tx) => tx.tokens.revocationsAreUnfinished(),
  step: async (tx) => (await tx.tokens.continueRevocations()).more,
}
