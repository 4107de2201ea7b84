/** Whether both sides came to the same: what was made, what was verified, and what is allowed, and why not. */

import { decodeMacaroon, type VerifiedMacaroon } from '@hallpass/macaroon'

import { agrees, describeClearance } from '../packages/macaroon/src/testing/vectors.ts'
import type { Outcome } from './ours.ts'
import { base64, type GoOutcome, writeCaveats } from './question.ts'

/**
 * What the two disagree about, or undefined. Where we refuse to read what Go reads, or refuse a token that would allow
 * everything, Go may go on: that is all in which we may be stricter.
 */
export function findDisagreement(ours: Outcome, gos: GoOutcome): string | undefined {
  return compareMade(ours, gos) ?? (ours.made === undefined ? undefined : compareVerification(ours, gos))
}

function compareMade(ours: Outcome, gos: GoOutcome): string | undefined {
  if (ours.made === undefined) return gos.kind === 'refused' ? undefined : `we refused to make it, and Go: ${gos.kind}`
  if (gos.made === null) return `Go did not make it: ${gos.kind}`
  const list = [ours.made.token, ...ours.made.discharges].map((bytes) => (bytes === null ? null : base64(bytes)))
  const at = list.findIndex((text, i) => text !== gos.made?.[i])
  if (at === -1 && list.length === gos.made.length) {
    const tickets = ours.made.tickets.map(writeCaveats).join()
    return tickets === (gos.tickets ?? []).join() ? undefined : `other caveats were in the tickets: ours ${tickets}`
  }
  return `${at === 0 ? 'the token' : `discharge ${at - 1}`} was made otherwise:\n  ours ${list[at]}\n  Go's ${gos.made[at]}`
}

function compareVerification(ours: Outcome, gos: GoOutcome): string | undefined {
  if (gos.kind === 'not asked') return undefined
  if (ours.kind === 'undecodable') return undefined
  if (gos.respelt) return 'we read what Go would write otherwise'
  if (ours.verified !== undefined) return compareVerified(ours, ours.verified, gos)
  if (ours.kind === gos.kind || (ours.kind === 'no-caveats' && gos.kind === 'verifies')) return undefined
  // A discharge that only Go can read may be right, or wrong in another way.
  if (ours.leftOut && ['undischarged', 'bad-discharge'].includes(ours.kind)) return undefined
  return `ours ${ours.kind}, Go's ${gos.kind}`
}

function compareVerified(ours: Outcome, verified: VerifiedMacaroon, gos: GoOutcome): string | undefined {
  if (gos.kind !== 'verifies') return `it verifies, and Go's: ${gos.kind}`
  const caveats = writeCaveats(verified.caveats)
  if (caveats !== gos.caveats) {
    // Go may have used the one that we cannot read, and we another.
    return ours.leftOut ? undefined : `other caveats were verified:\n  ours ${caveats}\n  Go's ${gos.caveats}`
  }
  for (const [i, clearance] of ours.clearances.entries()) {
    const verdict = gos.verdicts?.[i] ?? 'missing'
    if (!agrees(clearance, verdict)) return `access ${i}: ours ${describeClearance(clearance)}, Go's ${verdict}`
  }
  return undefined
}

/** For people: a token's caveats, as far as it can be read. */
export function describeToken(bytes: Uint8Array): string {
  try {
    const { unsafeCaveats } = decodeMacaroon(bytes)
    return unsafeCaveats.map((caveat) => caveat.type).join(', ')
  } catch (error) {
    return String(error)
  }
}
