/** Of several discharges that answer the same, those that end last come first. */

import { Macaroon } from './macaroon.ts'

/** The same discharges; where nothing tells two apart, in the order in which they came. */
export function lastingFirst(discharges: readonly Macaroon[]): readonly Macaroon[] {
  if (discharges.length < 2) return discharges
  return discharges.toSorted((one, other) => compareEnds(Macaroon.endOf(one), Macaroon.endOf(other)))
}

/** What has no end comes before all. */
function compareEnds(one: bigint | undefined, other: bigint | undefined): number {
  if (one === other) return 0
  if (one === undefined || other === undefined) return one === undefined ? -1 : 1
  return one > other ? -1 : 1
}
