// Discharges that a credential needs: fetched before it is used, as flyctl does.
import { fetchDischarges, type DischargeError, type FetchedDischarges } from '@hallpass/client/discharge'
import { MacaroonError, parseBundle, permissionLocation, ticketsOf } from '@hallpass/macaroon'

import { openBrowser } from './browser-login/open-browser.ts'
import { describeUnreachable } from './connection-words.ts'
import { canAsk, type Context } from './context.ts'
import { CommandError } from './errors.ts'
import { splitToken } from './held-token.ts'
import { tell } from './output.ts'
import { createFetch } from './transport.ts'

/**
 * The credential with the discharges that it needs. A person at a terminal is shown where to confirm.
 * @param source where it came from, for the error
 * @throws CommandError where nothing in it can be read; DischargeError or CommandError where nothing in it can be used
 * without a discharge, and there is none
 */
export async function withDischarges(context: Context, token: string, source: string): Promise<string> {
  expectReadable(token, source)
  let fetched: FetchedDischarges
  const fetch = createFetch(context.environment)
  try {
    fetched = await fetchDischarges(token, { fetch, ...(canAsk(context) ? { onUserUrl: showUserUrl(context) } : {}) })
  } catch (error) {
    // The authority reports one that is damaged beside others.
    if (error instanceof MacaroonError) return token
    throw error
  }
  const [failure] = fetched.failures
  if (failure === undefined || holdsUsable(fetched.header)) return fetched.header
  throw advise(context, failure)
}

/** @throws CommandError if it has no token: other text must not be sent to the authority */
export function expectReadable(token: string, source: string): void {
  try {
    const { permissions, discharges, authTokens } = parseBundle(token, { location: permissionLocation })
    if (permissions.length + discharges.length + authTokens.length > 0) return
    splitToken(token)
  } catch (cause) {
    if (!(cause instanceof MacaroonError)) throw cause
    throw new CommandError('failed', `${cause.message} (the credential was that of ${source})`, { cause })
  }
}

/** Fetches them also without a terminal, because a person may read the output elsewhere. */
export async function fetchAllDischarges(context: Context, token: string): Promise<FetchedDischarges> {
  return fetchDischarges(token, { fetch: createFetch(context.environment), onUserUrl: showUserUrl(context) })
}

function showUserUrl(context: Context) {
  return (url: string, location: string): void => {
    tell(context, `${location} wants you to confirm the use of this token in a browser:`)
    tell(context, `  ${url}`)
    if (canAsk(context)) openBrowser(url, context.environment)
  }
}

/** Whether anything in it can be used by itself. */
function holdsUsable(header: string): boolean {
  const { permissions, discharges, authTokens } = splitToken(header)
  return authTokens.length > 0 || permissions.some((permission) => ticketsOf(permission, discharges).size === 0)
}

/** A failure in words that say what to do. */
export function advise({ environment }: Context, failure: DischargeError): Error {
  const { cause, code, location } = failure
  const reason = code === 'unreachable' ? describeUnreachable(cause, location, environment) : undefined
  if (reason !== undefined) return new CommandError('failed', reason, { cause: failure })
  if (code !== 'needs_person') return failure
  const sentence = `${failure.message}: fetch the discharge with \`hallpass tokens 3p fetch\`, and use what it prints`
  return new CommandError('failed', sentence, { cause: failure })
}
