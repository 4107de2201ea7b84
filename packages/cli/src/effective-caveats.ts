// The caveats that bind a permission token: its own, and those of the discharges that came with it.
import { ticketsOf, type Caveat, type Macaroon } from '@hallpass/macaroon'
import { caveatsWith } from '@hallpass/macaroon/internal'

import type { HeldTokens } from './held-token.ts'

export interface Subject {
  readonly macaroon: Macaroon
  /** The discharges that answer its tickets. */
  readonly discharges: readonly Macaroon[]
  /** As verifying would leave them, but for third-party caveats that nothing here answers. */
  readonly caveats: readonly Caveat[]
}

/** The permission tokens; where there are none, whatever is there. `now` in Unix seconds. */
export function subjectsOf({ permissions, discharges, answers }: HeldTokens, now: number): readonly Subject[] {
  return (permissions.length > 0 ? permissions : discharges).map((macaroon) => {
    const own = answers.get(macaroon) ?? []
    return { macaroon, discharges: own, caveats: caveatsWith(macaroon, own, now) }
  })
}

/** The locations of the third parties whose discharges are missing. */
export function missingDischarges({ macaroon, discharges }: Subject): readonly string[] {
  return [...ticketsOf(macaroon, discharges).keys()]
}
