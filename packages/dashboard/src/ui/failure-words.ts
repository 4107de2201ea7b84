// What went wrong, in a sentence for people who look at a page.
import { ApiError, ConnectionError } from '@hallpass/client'

/** An error whose message is a sentence for people. */
export class PlainError extends Error {}

/** One sentence, with a capital letter and a full stop. */
export function describeFailure(error: Error): string {
  if (error instanceof ApiError) {
    return error.code === 'internal'
      ? 'Something went wrong in Hallpass. Try again.'
      : finish(error.message.replace(`${error.code}: `, ''))
  }
  if (error instanceof ConnectionError) return connectionWords[error.code]
  if (error instanceof PlainError) return error.message
  return 'Something went wrong in this page. Reload it.'
}

/** The authority's name for the request that went wrong, to look for in its log. */
export function requestIdOf(error: Error): string | undefined {
  return error instanceof ApiError ? error.requestId : undefined
}

/** What the authority says of one field of a form: `New password has …`. */
export function fieldError(error: Error | null, field: string): string | undefined {
  if (!(error instanceof ApiError) || error.field !== field) return undefined
  return finish(error.message.replace(field, field.replaceAll('_', ' ')))
}

const connectionWords: Readonly<Record<ConnectionError['code'], string>> = {
  unreachable: 'Hallpass does not answer. Check your connection and try again.',
  timeout: 'Hallpass takes too long to answer. Try again.',
  cut_off: 'The answer of Hallpass broke off. Try again.',
  not_sent: 'A name is needed here, not a token or dots. Nothing was sent.',
  not_an_authority: 'Something between you and Hallpass answered instead of it. Try again.',
}

function finish(text: string): string {
  const sentence = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`
}
