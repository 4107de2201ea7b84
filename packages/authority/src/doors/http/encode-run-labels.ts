// Encodes run labels, which any holder of a token may write: a secret that somebody put there by mistake is not shown to others.
import type { RunLabelFields } from '@hallpass/client'
import { withoutSecrets } from '@hallpass/client/secret-text'

import type { RunLabels } from '../../domain/run-labels.ts'

/** The fields of an answer; none if there are no labels. */
export function encodeRunLabels(labels: RunLabels | null | undefined): RunLabelFields {
  if (labels == null) return {}
  const { first, more } = labels
  return {
    run_labels: first.map(({ agent, run, onBehalfOf }) => ({
      ...(agent === '' ? {} : { agent: withoutSecrets(agent) }),
      ...(run === '' ? {} : { run: withoutSecrets(run) }),
      ...(onBehalfOf === '' ? {} : { on_behalf_of: withoutSecrets(onBehalfOf) }),
    })),
    ...(more === 0 ? {} : { more_run_labels: more }),
  }
}
