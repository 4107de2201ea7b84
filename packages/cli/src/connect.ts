// A client of the authority that the flags and the environment mean.
import { hostname } from 'node:os'

import { ApiError, createClient, type Client, type ClientOptions } from '@hallpass/client'

import type { Context } from './context.ts'
import { chooseConnection, holdsMacaroon, type GlobalFlags } from './credentials.ts'

/** A client that carries the credential in use, and the discharges that it needs. */
export async function connect(context: Context, flags: GlobalFlags): Promise<Client> {
  const { server, token, source } = await chooseConnection(flags, context.environment)
  return createClientAt(server, {
    token: await discharged(context, token),
    reword: (error) => tellSource(error, source),
  })
}

/** Only macaroons ask third parties, and only for them is it worth loading what reads them. */
async function discharged(context: Context, token: string): Promise<string> {
  if (!holdsMacaroon(token)) return token
  const { withDischarges } = await import('./discharges.ts')
  return withDischarges(context, token)
}

/** A client that carries none, for logging in. It says on which machine: people recognise their logins by it. */
export function connectAnonymously(server: string): Client {
  return createClientAt(server, { userAgent: `hallpass-cli (${hostname().replaceAll(/[^\x21-\x7e]/g, '?')})` })
}

/** Every client of this command line is made here. */
export function createClientAt(server: string, options: Omit<ClientOptions, 'url'>): Client {
  return createClient({ url: server, userAgent: 'hallpass-cli', ...options })
}

/** Who is refused for a credential wants to know which one it was: logging in again mends no variable. */
function tellSource(error: Error, source: string): Error {
  if (!(error instanceof ApiError) || !['unauthenticated', 'proof_needed'].includes(error.code)) return error
  return new ApiError(error.code, `${error.message} (the credential was that of ${source})`, error)
}
