// A client of the authority that the flags and the environment mean.
import { hostname } from 'node:os'

import { createClient, type Client } from '@hallpass/client'

import type { Context } from './context.ts'
import { chooseConnection, holdsMacaroon, type GlobalFlags } from './credentials.ts'

/** A client that carries the credential in use, and the discharges that it needs. */
export async function connect(context: Context, flags: GlobalFlags): Promise<Client> {
  const { server, token } = await chooseConnection(flags, context.environment)
  return createClient({ url: server, token: await discharged(context, token), userAgent: 'hallpass-cli' })
}

/** Only macaroons ask third parties, and only for them is it worth loading what reads them. */
async function discharged(context: Context, token: string): Promise<string> {
  if (!holdsMacaroon(token)) return token
  const { withDischarges } = await import('./discharges.ts')
  return withDischarges(context, token)
}

/** A client that carries none, for logging in. It says on which machine: people recognise their logins by it. */
export function connectAnonymously(server: string): Client {
  return createClient({ url: server, userAgent: `hallpass-cli (${hostname().replaceAll(/[^\x21-\x7e]/g, '?')})` })
}
