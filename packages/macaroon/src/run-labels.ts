/** The run labels of a token: who used it, as those say who held it. */

import { badArgument, takeList } from './boundary.ts'
import type { RunLabel } from './caveat.ts'
import { type LabelWords, takeLabel } from './caveats/run-label.ts'
import { isVerified, type VerifiedMacaroon, verifiedParts } from './verify.ts'

/**
 * The labels of a token in the order in which they were added: nobody without its key can change, remove or get before one
 * that is there.
 *
 * Those inside an IfPresent do not count: what stands there holds for some accesses only. Nor do those of discharges, which a
 * holder leaves out or exchanges. Throws MacaroonError `bad-argument` for what `verify` did not make.
 */
export function runLabels(verified: VerifiedMacaroon): readonly RunLabel[] {
  if (!isVerified(verified)) throw badArgument('verified', 'what verify made')
  return verifiedParts(verified).own.flatMap((caveat) => (caveat.type === 'RunLabel' ? [{ ...caveat }] : []))
}

/** How many of them lists show: any holder may add more. */
export const mostLabels = 8

/**
 * `agent ci, run 42; then agent "Ada's helper"; and 2 more`, in their order. What is not plain stands in quotes, so that no
 * text passes for two. `more` are those that are not in the list.
 */
export function sayRunLabels(labels: readonly LabelWords[], more = 0): string {
  const all = takeList(labels, 'labels', (label, name) => sayRunLabel(takeLabel(label as LabelWords, name)))
  if (!Number.isSafeInteger(more)) throw badArgument('more', 'a whole number')
  const left = Math.max(0, all.length - mostLabels) + more
  return [all.slice(0, mostLabels).join('; then '), ...(left > 0 ? [`and ${left} more`] : [])].join('; ')
}

/** `agent ci, run 42, on behalf of ada@example.com`. */
function sayRunLabel({ agent, run, onBehalfOf }: Omit<RunLabel, 'type'>): string {
  const parts = [
    ['agent', agent],
    ['run', run],
    ['on behalf of', onBehalfOf],
  ] as const
  return parts.flatMap(([word, text]) => (text === '' ? [] : [`${word} ${sayWhole(text)}`])).join(', ')
}

function sayWhole(text: string): string {
  return /^[\w.:/@-]+$/.test(text) ? text : JSON.stringify(text)
}
