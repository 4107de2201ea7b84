/** When caveats end: they say it before any access is known. */

import type { Caveat, ValidityWindow } from './caveat.ts'
import { caveatsOf, getCaveats, settle } from './caveat-set.ts'
import { effectiveEnd } from './caveats/validity-window.ts'
import { flyVocabulary, type Vocabulary } from './vocabulary.ts'

/**
 * The last second in which these caveats can allow anything, as Go's `Macaroon.Expiration`: the earliest `notAfter`, those
 * inside IfPresent counted too. Undefined where there is none.
 */
export function expiration(caveats: readonly Caveat[], vocabulary: Vocabulary = flyVocabulary): bigint | undefined {
  return earliest(settle(getCaveats(caveats, 'ValidityWindow', vocabulary), vocabulary))
}

/** The same of caveats that a reader made. */
export function endOf(caveats: readonly Caveat[], vocabulary: Vocabulary): bigint | undefined {
  return earliest(caveatsOf(caveats, 'ValidityWindow', vocabulary))
}

function earliest(windows: readonly ValidityWindow[]): bigint | undefined {
  return windows
    .map(effectiveEnd)
    .reduce<bigint | undefined>((least, end) => (least === undefined || end < least ? end : least), undefined)
}
