// What went wrong, in a sentence for people who look at a page.
import { ApiError, ConnectionError } from '@hallpass/client'

/** An error whose message is a sentence for people. */
export class PlainError extends Error {}

/** One sentence, with a capital letter and a full stop. */
export function describeFailure(error: Error): string {
  if (error instanceof ApiError) {
    return error.code === 'internal' ? 'Hallpass made a mistake of its own: try again.' : finish(error.message)
  }
  if (error instanceof ConnectionError) return connectionWords[error.code]
  if (error instanceof PlainError) return error.message
  return 'Something went wrong in this page: reload it.'
}

/** The authority's name for the request that went wrong, to look for in its log. */
export function requestIdOf(error: Error): string | undefined {
  return error instanceof ApiError ? error.requestId : undefined
}

/** What the authority says of one field of a form, without the field's name, which stands above it. */
export function fieldError(error: Error | null, field: string): string | undefined {
  if (!(error instanceof ApiError) || error.field !== field) return undefined
  return finish(error.message.startsWith(`${field} `) ? error.message.slice(field.length + 1) : error.message)
}

const connectionWords: Readonly<Record<ConnectionError['code'], string>> = {
  unreachable: 'Hallpass does not answer: look whether you are online, and try again.',
  timeout: 'Hallpass takes too long to answer: try again.',
  cut_off: 'The answer of Hallpass broke off: try again.',
  not_sent: 'A token, or nothing but dots, stands where a name belongs: it was not sent.',
  not_an_authority: 'Something between you and Hallpass answered in its place: try again.',
}

function finish(text: string): string {
  const sentence = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`
}
