// Which server is asked, and with which credential.
import { type Config, locateConfig, readConfig } from './config-file.ts'
import { isSet, readVariable, type Environment } from './context.ts'
import { CommandError } from './errors.ts'
import { defaultServer, normaliseServer } from './server-url.ts'

/** What every command accepts. */
export interface GlobalFlags {
  readonly accessToken?: string | undefined
  readonly apiUrl?: string | undefined
}

const serverVariables = ['HALLPASS_API_URL', 'FLY_API_BASE_URL'] as const
/** Where a token may be given to every command, the first one first. */
export const tokenVariables = ['HALLPASS_API_TOKEN', 'FLY_API_TOKEN'] as const

/** The server that is meant: `--api-url`, then the environment, then the login, then this machine. */
export function chooseServer(flags: GlobalFlags, environment: Environment, config: Config): string {
  if (flags.apiUrl !== undefined) return normaliseServer(flags.apiUrl, '--api-url')
  for (const name of serverVariables) {
    const value = readVariable(environment, name)
    if (value !== undefined) return normaliseServer(value, name)
  }
  return config.api_url === undefined ? defaultServer : normaliseServer(config.api_url, 'the file of your login')
}

/**
 * The credential that is meant: `--access-token`, then the environment, then the login, if it is one at `server`.
 * @throws CommandError where there is none, or where it cannot stand in a header
 */
export function chooseCredential(flags: GlobalFlags, environment: Environment, config: Config, server: string): string {
  if (flags.accessToken !== undefined) return checkCredential(flags.accessToken, '--access-token')
  for (const name of tokenVariables) {
    const value = readVariable(environment, name)
    if (value !== undefined) return checkCredential(value, name)
  }
  if (config.access_token === undefined || serverOfLogin(config) !== server) throw notLoggedIn(server)
  return checkCredential(config.access_token, 'the file of your login')
}

/** The server at which the file's token was made. */
export function serverOfLogin(config: Config): string {
  return config.api_url === undefined ? defaultServer : normaliseServer(config.api_url, 'the file of your login')
}

export interface Connection {
  readonly server: string
  readonly token: string
}

/** The server and the credential together, which is what nearly every command begins with. */
export async function chooseConnection(flags: GlobalFlags, environment: Environment): Promise<Connection> {
  // A program that is told everything must not fail over a file that it does not need.
  const config = isToldEverything(flags, environment) ? {} : await readConfig(locateConfig(environment))
  const server = chooseServer(flags, environment, config)
  return { server, token: chooseCredential(flags, environment, config, server) }
}

/** The server that is meant, and the login there, where there is one that can be read: for questions that may fail. */
export async function findLogin(
  flags: GlobalFlags,
  environment: Environment,
): Promise<{ readonly server: string; readonly login: string | undefined }> {
  const config = await readConfig(locateConfig(environment)).catch((): Config => ({}))
  const server = chooseServer(flags, environment, config)
  return { server, login: serverOfLogin(config) === server ? config.access_token : undefined }
}

/** True where the credential holds a macaroon, and so speaks for a token rather than a person. */
export function holdsMacaroon(credential: string): boolean {
  return /(?:^|[\s,])fm\w*_/.test(credential)
}

function isToldEverything(flags: GlobalFlags, environment: Environment): boolean {
  const has = (name: string) => isSet(environment, name)
  return (
    (flags.accessToken !== undefined || tokenVariables.some(has)) &&
    (flags.apiUrl !== undefined || serverVariables.some(has))
  )
}

/** @throws CommandError where it cannot stand in a header */
export function checkCredential(text: string, source: string): string {
  const trimmed = text.trim()
  if (trimmed === '') throw new CommandError('misused', `the token in ${source} is empty`)
  if (!/^[\x20-\x7e]+$/.test(trimmed) || /["'`]/.test(trimmed)) {
    throw new CommandError('misused', `the token in ${source} has characters that no token has`)
  }
  return trimmed
}

function notLoggedIn(server: string): CommandError {
  const address = server === defaultServer ? '' : ` --api-url ${server}`
  return new CommandError('failed', `not logged in at ${server}: run \`hallpass auth login${address}\``)
}
