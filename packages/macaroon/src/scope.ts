/** What can be read off caveats before any access is known: the organisation, the end. */

import { actions } from './action.ts'
import type { Caveat } from './caveat.ts'
import { getCaveats, settle } from './caveat-set.ts'
import { effectiveEnd } from './caveats/validity-window.ts'
import { clearCaveats } from './clear.ts'
import { MacaroonError } from './errors.ts'
import { flyVocabulary, type Vocabulary } from './vocabulary.ts'

/**
 * The organisation that these caveats are about, as Go's `flyio.OrganizationScope`: Organization caveats inside IfPresent
 * count too. It says nothing of what is allowed there. 0n means that they name none in particular.
 *
 * Throws MacaroonError `no-organization` or `conflicting-organizations`.
 */
export function organizationScope(caveats: readonly Caveat[], vocabulary: Vocabulary = flyVocabulary): bigint {
  const found = settle(getCaveats(caveats, 'Organization', vocabulary), vocabulary)
  const [first] = found
  if (first === undefined) {
    throw new MacaroonError('no-organization', 'The caveats confine the token to no organisation')
  }
  const cleared = clearCaveats(found, [{ action: actions.none, now: 0, orgId: first.id }], vocabulary)
  if (!cleared.allowed) {
    throw new MacaroonError(
      'conflicting-organizations',
      `The caveats contradict each other: ${cleared.denials[0].reason}`,
    )
  }
  return first.id
}

/**
 * The last second in which these caveats can allow anything, as Go's `Macaroon.Expiration`: the earliest `notAfter`, those
 * inside IfPresent counted too. Undefined where there is none.
 */
export function expiration(caveats: readonly Caveat[], vocabulary: Vocabulary = flyVocabulary): bigint | undefined {
  return settle(getCaveats(caveats, 'ValidityWindow', vocabulary), vocabulary)
    .map(effectiveEnd)
    .reduce<bigint | undefined>((least, end) => (least === undefined || end < least ? end : least), undefined)
}
