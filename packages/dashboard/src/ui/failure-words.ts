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
  if (error instanceof ConnectionError) return describeConnection(error)
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

/** Whether what was asked may have been done, although no answer says so. */
export function mayBeDone(error: Error): boolean {
  return error instanceof ConnectionError && error.code !== 'not_sent' && !makesNothing.test(error.details.path ?? '')
}

function describeConnection(error: ConnectionError): string {
  const sentence = connectionWords[error.code]
  if (error.code === 'not_sent') return sentence
  // Whoever makes a token again, because its answer was lost, leaves one behind that nobody knows.
  const mayBeMade = error.details.method === 'POST' && mayBeDone(error)
  return `${sentence} ${mayBeMade ? 'It may have been done all the same: look before you try again.' : 'Try again.'}`
}

/** Logging in, and questions that are asked by POST because a secret is in them. */
const makesNothing = /^\/(?:web\/session|v1\/(?:sessions|passkeys\/options|invitations\/preview))/

const connectionWords: Readonly<Record<ConnectionError['code'], string>> = {
  unreachable: 'Hallpass does not answer. Check your connection.',
  timeout: 'Hallpass takes too long to answer.',
  cut_off: 'The answer of Hallpass broke off.',
  not_sent: 'A name is needed here, not a token or dots. Nothing was sent.',
  not_an_authority: 'Something between you and Hallpass answered instead of it.',
}

function finish(text: string): string {
  const sentence = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`
}
