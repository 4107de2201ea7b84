/** The organisation of caveats: they say it before any access is known. */

import { actions } from './action.ts'
import { badArgument } from './boundary.ts'
import type { Caveat, Organization } from './caveat.ts'
import { caveatsOf, getCaveats, settle } from './caveat-set.ts'
import { clearAll } from './clear.ts'
import { MacaroonError } from './errors.ts'
import { expectMacaroon, Macaroon } from './macaroon.ts'
import { allCaveats, isVerified, type VerifiedMacaroon, verifiedParts } from './verify.ts'
import { flyVocabulary, type Vocabulary } from './vocabulary.ts'

/**
 * The organisation that these caveats are about, as Go's `flyio.OrganizationScope`: Organization caveats inside IfPresent
 * count too. It says nothing of what is allowed there. 0n means that they name none in particular.
 *
 * Throws MacaroonError `no-organization` or `conflicting-organizations`.
 */
export function organizationScope(caveats: readonly Caveat[], vocabulary: Vocabulary = flyVocabulary): bigint {
  return scopeAmong(settle(getCaveats(caveats, 'Organization', vocabulary), vocabulary), vocabulary)
}

/** The same of everything that an access is held against, without decoding it again. */
export function scopeOf(verified: VerifiedMacaroon): bigint {
  if (!isVerified(verified)) throw badArgument('verified', 'what verify made')
  const { vocabulary } = verified
  const { own, answers } = verifiedParts(verified)
  const caveats = allCaveats(
    own,
    answers.map(([first]) => first),
  )
  return scopeAmong(caveatsOf(caveats, 'Organization', vocabulary), vocabulary)
}

/** As `organizationScope` of `unsafeCaveats`, without decoding them. */
export function scopeOfMacaroon(macaroon: Macaroon): bigint {
  const { vocabulary } = expectMacaroon(macaroon, 'macaroon')
  return scopeAmong(caveatsOf(Macaroon.caveatsOf(macaroon), 'Organization', vocabulary), vocabulary)
}

function scopeAmong(found: readonly Organization[], vocabulary: Vocabulary): bigint {
  const [first, second] = found
  if (first === undefined) {
    throw new MacaroonError('no-organization', 'The caveats confine the token to no organization')
  }
  // One alone contradicts nothing.
  if (second === undefined) return first.id
  const cleared = clearAll(found, [{ action: actions.none, now: 0, orgId: first.id }], vocabulary, () => found, 1)
  if (!cleared.allowed) {
    throw new MacaroonError(
      'conflicting-organizations',
      `The caveats contradict each other: ${cleared.denials[0].reason}`,
    )
  }
  return first.id
}
