// Logging in through a browser where the person is logged in: OAuth's authorisation code with PKCE (RFC 7636, RFC 8252).
import { createHash, randomBytes } from 'node:crypto'
import { hostname } from 'node:os'

import { ApiError, type Client, type SessionAnswer } from '@hallpass/client'

import { askUnless } from '../ask.ts'
import type { Context } from '../context.ts'
import { CommandError } from '../errors.ts'
import { tell } from '../output.ts'
import { openBrowser } from './open-browser.ts'
import { waitForCallback, type Callback } from './callback.ts'

/**
 * Asks the authority for a login, sends the person to its page, and exchanges the code that comes back: by the browser
 * itself, or typed by the person where the browser is on another machine.
 * @throws CommandError where it was denied, or nobody approved it in time
 */
export async function logInThroughBrowser(context: Context, client: Client): Promise<SessionAnswer> {
  const state = randomBytes(16).toString('base64url')
  const verifier = randomBytes(32).toString('base64url')
  const callback = await waitForCallback(state)
  try {
    const { id, auth_url } = await client.createCliLogin({
      name: machineName(),
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      state,
      redirect_port: callback.port,
    })
    const page = checkPage(auth_url)
    callback.allow(page.origin)
    tell(context, 'Log in on this page:')
    tell(context, `  ${page.href}`)
    openBrowser(page.href, context.environment)
    const deadline = AbortSignal.timeout(patience)
    for (;;) {
      const code = await nextCode(context, callback, deadline)
      try {
        return await client.redeemCliLogin({ login_id: id, code, code_verifier: verifier })
      } catch (error) {
        if (!isWrongCode(error)) throw error
        tell(context, 'This is not the code of this login: look at the page again')
      }
    }
  } finally {
    callback.close()
  }
}

/** Milliseconds; as long as the authority waits. A duration, because the authority's clock may differ from ours. */
const patience = 600_000

/** The code that comes first: from the browser, or from the person. */
async function nextCode(context: Context, callback: Callback, deadline: AbortSignal): Promise<string> {
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, deadline])
  try {
    const typed = askUnless(context, 'Code (if the page shows one):', signal)
    const code = await Promise.race([callback.code, typed])
    if (code !== undefined) return code
    // The question was withdrawn because the time is over.
    throw new CommandError('failed', 'nobody approved the login in time: start it again')
  } finally {
    stop.abort()
  }
}

/** The person may type something else, or the code of another login. */
function isWrongCode(error: unknown): boolean {
  return error instanceof ApiError && (error.code === 'forbidden' || error.field === 'code')
}

/** @throws CommandError if the authority's address is not a web page */
function checkPage(url: string): URL {
  const page = URL.parse(url)
  // The address goes to a program that opens anything.
  if (page?.protocol === 'https:' || page?.protocol === 'http:') return page
  throw new CommandError('failed', 'the authority named no page to log in at')
}

/** Printable, and never empty, because the person who approves must recognise it. */
function machineName(): string {
  const name = hostname()
    .replaceAll(/[\p{C}\p{Z}]/gu, ' ')
    .trim()
    .slice(0, 80)
  return name === '' || !name.isWellFormed() ? 'unknown' : name
}
