/** The run labels of a token: who used it, as those say who held it. */

import { badArgument } from './boundary.ts'
import type { RunLabel } from './caveat.ts'
import { isVerified, type VerifiedMacaroon, verifiedParts } from './verify.ts'

/**
 * The labels of a token in the order in which they were added: without its key nobody can change or remove a label, or
 * put one before it.
 *
 * Those inside an IfPresent do not count: what stands there holds for some accesses only. Nor do those of discharges, which a
 * holder leaves out or exchanges. Throws MacaroonError `bad-argument` for what `verify` did not make.
 */
export function runLabels(verified: VerifiedMacaroon): readonly RunLabel[] {
  if (!isVerified(verified)) throw badArgument('verified', 'what verify made')
  return verifiedParts(verified).own.flatMap((caveat) => (caveat.type === 'RunLabel' ? [{ ...caveat }] : []))
}
