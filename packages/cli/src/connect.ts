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
  const ready = holdsMacaroon(token) ? await readyToken(context, token, source) : { token }
  return createClientAt(context, server, { ...ready, source, ...options })
}

/** Only macaroons have third parties, and ends that they say, so only they load the code that reads them. */
async function readyToken(context: Context, token: string, source: string) {
  const [{ withDischarges }, { createEndWarning }] = await Promise.all([
    import('./discharges.ts'),
    import('./warn-of-end.ts'),
  ])
  return { token: await withDischarges(context, token, source), onExpiry: createEndWarning(context, token, source) }
}

/** A client without a credential, for logging in. It sends the machine's name, by which people recognise logins. */
export function connectAnonymously(context: Context, server: string): Client {
  return createClientAt(context, server, {
    userAgent: `hallpass-cli (${hostname().replaceAll(/[^\x21-\x7e]/g, '?')})`,
  })
}

interface Options extends Pick<ClientOptions, 'token' | 'timeout' | 'userAgent' | 'fetch' | 'leaseNonce' | 'onExpiry'> {
  /** Where the token came from. */
  readonly source?: string
}

/** Makes every client of this command line: it uses proxies, checks answers, and explains failures. */
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

/** A refusal names the source of the credential, because a new login does not help if a variable goes before it. */
function tellSource(error: ApiError, source: string): ApiError {
  return new ApiError(error.code, `${error.message} (the credential was that of ${source})`, error)
}
