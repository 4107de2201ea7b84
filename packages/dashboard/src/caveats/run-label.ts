// The fields of a run label: who uses a token.
import { holdsWholeSecret } from '@hallpass/client/secret-text'
import { MacaroonError } from '@hallpass/macaroon'
import { caveatsOfWords, type NarrowingWords } from '@hallpass/macaroon/narrow'

/** An empty field is left out. */
export interface LabelText {
  readonly agent: string
  readonly run: string
  readonly onBehalfOf: string
}

export const unlabelled: LabelText = { agent: '', run: '', onBehalfOf: '' }

/** The same as words of the core; undefined where every field is empty. */
export function wordsOfLabel({ agent, run, onBehalfOf }: LabelText): NarrowingWords['label'] {
  const label = { agent: agent.trim(), run: run.trim(), onBehalfOf: onBehalfOf.trim() }
  return label.agent + label.run + label.onBehalfOf === '' ? undefined : label
}

/** What is wrong with it, in a sentence. */
export function problemOfLabel(text: LabelText): string | undefined {
  if (Object.values(text).some(holdsWholeSecret))
    return 'The run label holds a token or a code, which others would see.'
  try {
    caveatsOfWords({ label: wordsOfLabel(text) })
    return undefined
  } catch (error) {
    if (!(error instanceof MacaroonError)) throw error
    return `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`
  }
}
