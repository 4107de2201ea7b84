// A client of the authority that the flags and the environment mean.
import { hostname } from 'node:os'

import { createClient, type Client } from '@hallpass/client'

import type { Context } from './context.ts'
import { chooseConnection, type GlobalFlags } from './credentials.ts'

/** A client that carries the credential in use. */
export async function connect(context: Context, flags: GlobalFlags): Promise<Client> {
  const { server, token } = await chooseConnection(flags, context.environment)
  return createClient({ url: server, token, userAgent: 'hallpass-cli' })
}

/** A client that carries none, for logging in. It says on which machine: people recognise their logins by it. */
export function connectAnonymously(server: string): Client {
  return createClient({ url: server, userAgent: `hallpass-cli (${hostname().replaceAll(/[^\x21-\x7e]/g, '?')})` })
}
