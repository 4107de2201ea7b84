// The server to ask, and the credential to use.
import { describeNoToken, unwrapToken } from '@hallpass/client/pasted-token'

import { type Config, locateConfig, readConfig } from './config-file.ts'
import { isSet } from './context.ts'
import type { Environment } from './environment.ts'
import { CommandError } from './errors.ts'
import { findSecret } from './secret-file.ts'
import { defaultServer, normaliseServer } from './server-url.ts'
import type { GlobalFlags } from './flags.ts'
import { expectKnownVariables } from './unknown-variables.ts'

const serverVariables = ['HALLPASS_API_URL', 'FLY_API_BASE_URL'] as const
const ownTokenVariables = ['HALLPASS_API_TOKEN', 'HALLPASS_API_TOKEN_FILE'] as const
/** As flyctl reads them, the first one first. */
const flyTokenVariables = ['FLY_ACCESS_TOKEN', 'FLY_API_TOKEN'] as const

/**
 * The server that is meant: `--api-url`, then the environment, then the login, then this machine.
 * @throws CommandError `misused` if it is no address, or if a misspelled variable may mean another one
 */
export function chooseServer(flags: GlobalFlags, environment: Environment, config: Config): string {
  expectKnownVariables(environment, flags)
  if (flags.apiUrl !== undefined) return normaliseServer(flags.apiUrl, '--api-url')
  // An empty variable must not fall back to another authority.
  if (environment['HALLPASS_API_URL'] !== undefined && !isSet(environment, 'HALLPASS_API_URL')) {
    throw new CommandError('misused', 'HALLPASS_API_URL is set, but empty: give it an address, or unset it')
  }
  const named = serverOfEnvironment(environment)
  if (named !== undefined) return named
  return config.api_url === undefined ? defaultServer : normaliseServer(config.api_url, 'the file of your login')
}

export interface Credential {
  readonly token: string
  /** Where it came from, as a person knows it. */
  readonly source: string
}

/**
 * The credential that is meant: `--access-token`, then the environment, then the login, if it is one at `server`.
 * @throws CommandError where there is none, where it is empty, or where it cannot stand in a header
 */
export function chooseCredential(
  flags: GlobalFlags,
  environment: Environment,
  config: Config,
  server: string,
): Credential {
  if (flags.accessToken !== undefined) {
    return { token: checkCredential(flags.accessToken, '--access-token'), source: '--access-token' }
  }
  const variable = findTokenVariable(environment, server)
  if (variable !== undefined) {
    return { token: readTokenVariable(environment, variable), source: `${variable}, which goes before any login` }
  }
  const held = flyTokenVariables.find((name) => isSet(environment, name))
  const unsent = held === undefined ? '' : `; ${held} is not sent there: ${noServerNamed} that address`
  if (config.access_token === undefined || serverOfLogin(config) !== server) throw notLoggedIn(server, unsent)
  return { token: checkCredential(config.access_token, 'the file of your login'), source: `your login${unsent}` }
}

const noServerNamed = `neither ${serverVariables.join(' nor ')} names`

/**
 * The variable whose token is sent to `server`, or would be read if there is no server. flyctl's are only for the
 * authority that the environment names, because they mostly hold a token of another platform. A variable that is set
 * and empty counts: it must not fall back to a login.
 */
export function findTokenVariable(environment: Environment, server?: string): string | undefined {
  const own = ownTokenVariables.find((name) => environment[name] !== undefined)
  if (own !== undefined) return own
  const found =
    flyTokenVariables.find((name) => isSet(environment, name)) ??
    flyTokenVariables.find((name) => environment[name] !== undefined)
  const elsewhere = found !== undefined && server !== undefined && serverOfEnvironment(environment) !== server
  return elsewhere ? undefined : found
}

/** Whether flyctl's variables hold this token, and the environment does not name this server for them. */
export function isMeantElsewhere(token: string, environment: Environment, server: string): boolean {
  return (
    serverOfEnvironment(environment) !== server &&
    flyTokenVariables.some((name) => unwrapToken(environment[name] ?? '') === token)
  )
}

/** Whether the environment names this server, so that flyctl's variables are for it. */
export function isServerOfEnvironment(environment: Environment, server: string): boolean {
  return serverOfEnvironment(environment) === server
}

/** Sentences about what in the environment goes before a login at `server`, for a person who logs in or out. */
export function tellOverrides(environment: Environment, server: string): readonly string[] {
  const named = serverVariables.find((name) => isSet(environment, name))
  const elsewhere = named !== undefined && serverOfEnvironment(environment) !== server
  const token = findTokenVariable(environment, server)
  return [
    ...(elsewhere ? [`${named} names another authority, and goes before your login: unset it to use the login`] : []),
    ...(token === undefined
      ? []
      : isSet(environment, token)
        ? [`${token} is set, and goes before your login: unset it to use the login`]
        : [`${token} is set, but empty, which commands refuse: unset it to use the login`]),
  ]
}

/** The server at which the file's token was made. */
export function serverOfLogin(config: Config): string {
  return config.api_url === undefined ? defaultServer : normaliseServer(config.api_url, 'the file of your login')
}

export interface Connection extends Credential {
  readonly server: string
}

/** The server and the credential together, which is what nearly every command begins with. */
export async function chooseConnection(flags: GlobalFlags, environment: Environment): Promise<Connection> {
  // A program that gets everything from flags and variables must not fail because of a file that it does not need.
  const config = isToldEverything(flags, environment) ? {} : await readConfig(locateConfig(environment))
  const server = chooseServer(flags, environment, config)
  return { server, ...chooseCredential(flags, environment, config, server) }
}

/** The token of the credential, to read here and not to send; any variable may supply it. */
export async function chooseHeldToken(flags: GlobalFlags, environment: Environment): Promise<string> {
  expectKnownVariables(environment, flags)
  const variable = flags.accessToken === undefined ? findTokenVariable(environment) : undefined
  if (variable !== undefined) return readTokenVariable(environment, variable)
  return (await chooseConnection(flags, environment)).token
}

/** The server, and the login there if it can be read: for optional requests. */
export async function findLogin(
  flags: GlobalFlags,
  environment: Environment,
): Promise<{ readonly server: string; readonly login: string | undefined }> {
  const config = await readConfig(locateConfig(environment)).catch((): Config => ({}))
  const server = chooseServer(flags, environment, config)
  const login = serverOfLogin(config) === server ? config.access_token : undefined
  return { server, login: login === undefined || describeNoToken(login) !== undefined ? undefined : login }
}

/** True where the credential holds a macaroon, and so speaks for a token rather than a person. */
export function holdsMacaroon(credential: string): boolean {
  return /(?:^|[\s,])fm\w*_/.test(credential)
}

function isToldEverything(flags: GlobalFlags, environment: Environment): boolean {
  if (flags.apiUrl === undefined && serverOfEnvironment(environment) === undefined) return false
  if (flags.accessToken !== undefined) return true
  return findTokenVariable(environment, chooseServer(flags, environment, {})) !== undefined
}

function serverOfEnvironment(environment: Environment): string | undefined {
  const name = serverVariables.find((each) => isSet(environment, each))
  return name === undefined ? undefined : normaliseServer(environment[name] ?? '', name)
}

/** @throws CommandError also if it is empty: a fallback to a login would use more authority than intended */
function readTokenVariable(environment: Environment, name: string): string {
  if (isSet(environment, name)) {
    const found = name.startsWith('HALLPASS') ? findSecret(environment, 'HALLPASS_API_TOKEN') : undefined
    return checkCredential(found?.text ?? environment[name] ?? '', found?.source ?? name)
  }
  throw new CommandError('misused', `${name} is set, but empty: give it a token, or unset it to use your login`)
}

/**
 * The token, freed of what was wrapped around it.
 * @throws CommandError `misused` if it is no token, saying what it is
 */
export function checkCredential(text: string, source: string): string {
  const problem = describeNoToken(text)
  if (problem === undefined) return unwrapToken(text)
  throw new CommandError('misused', `the token in ${source} ${problem}`)
}

function notLoggedIn(server: string, unsent: string): CommandError {
  const address = server === defaultServer ? '' : ` --api-url ${server}`
  return new CommandError('failed', `not logged in at ${server}: run \`hallpass auth login${address}\`${unsent}`)
}
