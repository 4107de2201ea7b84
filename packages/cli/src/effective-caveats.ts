// What binds a permission token: its own caveats, and those of the discharges that came with it.
import { caveatsWith, ticketsOf, type Caveat, type Macaroon } from '@hallpass/macaroon'

import type { HeldTokens } from './held-token.ts'

export interface Subject {
  readonly macaroon: Macaroon
  /** The discharges that answer its tickets. */
  readonly discharges: readonly Macaroon[]
  /** As verifying would leave them, but for third-party caveats that nothing here answers. */
  readonly caveats: readonly Caveat[]
}

/** The permission tokens; where there are none, whatever is there. */
export function subjectsOf(held: HeldTokens): readonly Subject[] {
  const macaroons = held.permissions.length > 0 ? held.permissions : held.discharges
  return macaroons.map((macaroon) => subjectOf(macaroon, held.discharges))
}

/** The locations of the third parties whose discharges are missing. */
export function missingDischarges({ macaroon, discharges }: Subject): readonly string[] {
  return [...ticketsOf(macaroon, discharges).keys()]
}

function subjectOf(macaroon: Macaroon, others: readonly Macaroon[]): Subject {
  const tickets = new Set([...ticketsOf(macaroon).values()].flat().map((ticket) => ticket.join()))
  const discharges = others.filter(({ nonce }) => tickets.has(nonce.kid.join()))
  return { macaroon, discharges, caveats: caveatsWith(macaroon, discharges) }
}
