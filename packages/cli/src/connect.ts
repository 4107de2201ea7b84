// A client of the authority that the flags and the environment mean.
import { hostname } from 'node:os'

import { ApiError, ConnectionError, createClient, type Client, type ClientOptions } from '@hallpass/client'
import { checkAnswer } from '@hallpass/client/answers'

import { describeConnection } from './connection-words.ts'
import type { Context } from './context.ts'
import { chooseConnection, holdsMacaroon } from './credentials.ts'
import type { GlobalFlags } from './flags.ts'
import { inOwnWords } from './own-words.ts'
import { warn } from './output.ts'
import { createFetch } from './transport.ts'
import { describeUnknownVariables } from './unknown-variables.ts'

/** A client that carries the credential in use, and the discharges that it needs; the options as of any client. */
export async function connect(
  context: Context,
  flags: GlobalFlags,
  options: Pick<ClientOptions, 'timeout' | 'fetch' | 'leaseNonce'> = {},
): Promise<Client> {
  const { server, token, source } = await chooseConnection(flags, context.environment)
  for (const sentence of describeUnknownVariables(context.environment)) warn(context, sentence)
  return createClientAt(context, server, {
    token: await discharged(context, token, source),
    source,
    ...options,
  })
}

/** Only macaroons ask third parties, and only for them is it worth loading what reads them. */
async function discharged(context: Context, token: string, source: string): Promise<string> {
  if (!holdsMacaroon(token)) return token
  const { withDischarges } = await import('./discharges.ts')
  return withDischarges(context, token, source)
}

/** A client that carries none, for logging in. It says on which machine: people recognise their logins by it. */
export function connectAnonymously(context: Context, server: string): Client {
  return createClientAt(context, server, {
    userAgent: `hallpass-cli (${hostname().replaceAll(/[^\x21-\x7e]/g, '?')})`,
  })
}

interface Options extends Pick<ClientOptions, 'token' | 'timeout' | 'userAgent' | 'fetch' | 'leaseNonce'> {
  /** Where the token came from. */
  readonly source?: string
}

/** Every client of this command line is made here: it goes by proxies, checks what it is answered, and says what is wrong. */
export function createClientAt(context: Context, server: string, options: Options): Client {
  const { environment } = context
  const { source, fetch = createFetch(environment), ...others } = options
  const create = (reword: ClientOptions['reword']) =>
    createClient({
      url: server,
      userAgent: 'hallpass-cli',
      ...others,
      fetch,
      checkAnswer,
      reword: reword ?? ((error) => error),
    })
  return create(async (error, { path }) => {
    if (error instanceof ConnectionError) {
      const { code, details } = error
      return new ConnectionError(code, describeConnection(error, server, environment), { cause: error, details })
    }
    if (!(error instanceof ApiError)) return error
    if (isOfCredential(error)) return source === undefined ? error : tellSource(error, source)
    return inOwnWords(error, context, path, async () => (await create(undefined).listOrganisations()).orgs)
  })
}

function isOfCredential({ code }: ApiError): boolean {
  return code === 'unauthenticated' || code === 'proof_needed'
}

/** Who is refused for a credential wants to know which one it was: logging in again mends no variable. */
function tellSource(error: ApiError, source: string): ApiError {
  return new ApiError(error.code, `${error.message} (the credential was that of ${source})`, error)
}
