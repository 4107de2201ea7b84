// Run labels: who used a token, as its holders say. They stand in the audit events of the token, and in the machines that it created.
import { runLabels, type RunLabel, type VerifiedMacaroon } from '@hallpass/macaroon'
import { mostLabels } from '@hallpass/macaroon/internal'

/** In the order in which they were added. Any holder may add hundreds, so only the first are kept, and how many more there are. */
export interface RunLabels {
  readonly first: readonly Omit<RunLabel, 'type'>[]
  readonly more: number
}

/** The labels of a token; null if it has none. */
export function runLabelsOf(verified: VerifiedMacaroon): RunLabels | null {
  const labels = runLabels(verified).map(({ agent, run, onBehalfOf }) => ({ agent, run, onBehalfOf }))
  return labels.length === 0
    ? null
    : { first: labels.slice(0, mostLabels), more: Math.max(0, labels.length - mostLabels) }
}
