// The authority's verdict on a token.
import { ApiError, ConnectionError } from '@hallpass/client'
import { formatAuthorization } from '@hallpass/macaroon'

import type { Context } from './context.ts'
import { missingDischarges, type Subject } from './effective-caveats.ts'
import { createAsker } from './look-up.ts'

type VerdictState =
  | 'live'
  | 'revoked'
  | 'ended'
  | 'unknown'
  | 'undischarged'
  | 'not_genuine'
  | 'refused'
  | 'unreachable'
  | 'not_asked'

export interface Verdict {
  readonly state: VerdictState
  /** A sentence for people. */
  readonly message: string
}

export const notAsked: Verdict = {
  state: 'not_asked',
  message: 'Only its authority knows whether it is genuine and not revoked, and that was not asked.',
}

/** Sends one permission token and its discharges to the authority, and asks only whether they are good. */
export async function askVerdict(context: Context, server: string, subject: Subject): Promise<Verdict> {
  const header = formatAuthorization([subject.macaroon, ...subject.discharges].map(({ bytes }) => bytes))
  return ask(context, server, header, subject)
}

async function ask(context: Context, server: string, header: string, subject: Subject): Promise<Verdict> {
  try {
    await createAsker(context, server, header).showCurrentTokens()
    return { state: 'live', message: `The authority at ${server} takes it: it is genuine, and not revoked.` }
  } catch (error) {
    if (error instanceof ConnectionError) {
      const message = `Only its authority knows whether it is genuine and not revoked. ${asSentence(error.message)}`
      return { state: 'unreachable', message }
    }
    if (!(error instanceof ApiError)) throw error
    const message = `The authority at ${server} refuses it: ${error.message}.`
    return { state: error.code === 'unauthenticated' ? stateOf(error.message, subject) : 'refused', message }
  }
}

/** The contract has one code for all of these; the sentences are the authority's own. */
function stateOf(message: string, subject: Subject): VerdictState {
  if (/ is revoked since /.test(message)) return 'revoked'
  if (/ needs a new discharge from /.test(message)) return 'undischarged'
  if (/ ended at /.test(message)) return 'ended'
  if (message.endsWith('not known here')) return 'unknown'
  if (missingDischarges(subject).length > 0) return 'undischarged'
  return /not genuine/.test(message) ? 'not_genuine' : 'refused'
}

/** With a capital, and a full stop unless it asks something. */
function asSentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1) + (text.endsWith('?') ? '' : '.')
}
