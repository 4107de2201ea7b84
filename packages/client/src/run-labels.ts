// Run labels in words, as answers have them.
import { sayRunLabels } from '@hallpass/macaroon/explain'

import type { RunLabelFields } from './contract/run-labels.ts'

/** `agent ci, run 42; then agent tester; and 2 more`; empty where there are none. */
export function describeRunLabels({ run_labels: labels = [], more_run_labels: more = 0 }: RunLabelFields): string {
  const words = labels.map(({ agent, run, on_behalf_of: onBehalfOf }) => ({ agent, run, onBehalfOf }))
  return sayRunLabels(words, more)
}
