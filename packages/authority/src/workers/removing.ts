// Finishes deletions and revocations of many rows in steps.
import type { Chore } from './worker.ts'

export const removeLeftovers: Chore = {
  name: 'removing what deletions and upgrades left',
  isDue: (tx) => tx.leftovers.exist(),
  step: (tx) => tx.leftovers.remove(),
}

/** How long a destroyed machine or volume can still be looked up, in milliseconds. */
const lookupTime = 24 * 3_600_000

export function forgetMachines(now: () => number): Chore {
  return {
    name: 'forgetting destroyed machines',
    isDue: (tx) => tx.machines.hasDestroyed(now() - lookupTime),
    step: (tx) => tx.machines.deleteDestroyed(now() - lookupTime),
  }
}

export function forgetVolumes(now: () => number): Chore {
  return {
    name: 'forgetting destroyed volumes',
    isDue: (tx) => tx.volumes.hasDestroyed(now() - lookupTime),
    step: (tx) => tx.volumes.deleteDestroyed(now() - lookupTime),
  }
}

/** How long a verifier may be away without having to forget everything, in milliseconds. */
const feedTime = 25 * 3_600_000

export function forgetFeed(now: () => number): Chore {
  return {
    name: 'forgetting what the feed told',
    isDue: (tx) => tx.feed.areOlder(now() - feedTime),
    step: (tx) => tx.feed.removeBefore(now() - feedTime),
  }
}

export const forgetTries: Chore = {
  name: 'forgetting tries that count no more',
  isDue: (tx) => tx.tries.haveEnded(),
  step: (tx) => tx.tries.removeEnded(),
}

export const finishRevocations: Chore = {
  name: 'marking revoked tokens',
  isDue: (tx) => tx.tokens.revocationsAreUnfinished(),
  step: async (tx) => (await tx.tokens.continueRevocations()).more,
}
