// Limits the caveat checks of one request. Lists are cleared item by item, so their cost is a product of what others
// chose.
import { setImmediate as nextTurn } from 'node:timers/promises'

import type { Caveat } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'

/** Caveats checked against items of lists, for all operations of one request: a second of work, in small pieces. */
const mostChecks = 250_000

/** Counts what one request spends; throws DomainError `invalid` above the limit. */
export function createAllowance(most = mostChecks): (checks: number) => void {
  let left = most
  return (checks) => {
    left -= checks
    if (left >= 0) return
    throw new DomainError(
      'invalid',
      'this takes too much work to answer: ask for less at once, or with a token that has fewer caveats',
    )
  }
}

/**
 * Resolves when the next piece of long work may run: one piece of anybody's in each turn of the event loop, so that
 * other work comes between.
 */
export function createPause(): () => Promise<void> {
  let last = Promise.resolve()
  return () => (last = last.then(() => nextTurn()))
}

/** The number of caveats that clearing looks at, nested ones included. */
export function countCaveats(caveats: readonly Caveat[]): number {
  return caveats.reduce(
    (sum, caveat) => sum + 1 + (caveat.type === 'IfPresent' ? countCaveats(caveat.ifs ?? []) : 0),
    0,
  )
}
