// `hallpass serve`: runs an authority until it is told to stop.
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

import { readVariable, type Context, type Environment } from '../../context.ts'
import type { GlobalFlags } from '../../credentials.ts'
import { CommandError } from '../../errors.ts'
import { parseListenAddress, type ListenAddress } from '../../listen-address.ts'
import { writeLine } from '../../output.ts'
import { firstSteps } from './first-steps.ts'
import { waitForStop } from './stop.ts'

interface ServeFlags extends GlobalFlags {
  readonly listen?: string | undefined
  readonly data?: string | undefined
  readonly databaseUrl?: string | undefined
  readonly publicUrl?: string | undefined
  readonly trustedProxies?: string | undefined
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
}

/** As much of the authority's package as is used here. */
interface AuthorityPackage {
  serve(options: {
    readonly listen: ListenAddress
    readonly dataDirectory: string
    readonly databaseUrl?: string
    readonly rootKey?: string
    readonly bootstrap?: { readonly email: string; readonly password: string }
    readonly mail?: { readonly smtpUrl: string; readonly from: string }
    readonly oidc?: OidcOptions
    readonly publicUrl?: string
    readonly trustedProxies?: readonly string[]
    readonly dashboard: string
    readonly logLevel: string
  }): Promise<RunningAuthority>
}

interface OidcOptions {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: string
  readonly name?: string
  readonly signUpDomains?: readonly string[]
}

interface RunningAuthority {
  readonly url: string
  readonly publicUrl: string
  readonly setupCode?: { reveal(): string }
  close(): Promise<void>
}

/** Starts the authority, prints where it is, and ends when it has stopped. */
export async function serveAuthority(context: Context, flags: ServeFlags): Promise<void> {
  const { environment } = context
  const listen = parseListenAddress(flags.listen ?? readVariable(environment, 'HALLPASS_LISTEN') ?? '127.0.0.1:4280')
  const data = flags.data ?? readVariable(environment, 'HALLPASS_DATA') ?? './hallpass-data'
  const databaseUrl = flags.databaseUrl ?? readVariable(environment, 'HALLPASS_DATABASE_URL')
  const publicUrl = flags.publicUrl ?? readVariable(environment, 'HALLPASS_PUBLIC_URL')
  const trustedProxies = flags.trustedProxies ?? readVariable(environment, 'HALLPASS_TRUSTED_PROXIES')
  const rootKey = readVariable(environment, 'HALLPASS_ROOT_KEY')
  const bootstrap = readBootstrap(environment)
  const mail = readMail(environment)
  const oidc = readOidc(environment)
  if (data === '') throw new CommandError('misused', 'the directory given with --data is empty')
  if (databaseUrl === '') throw new CommandError('misused', 'the address given with --database-url is empty')

  // The one place where the command line touches the server, and only when it is wanted.
  const authority: AuthorityPackage = await import('@hallpass/authority')
  const running = await authority.serve({
    listen,
    dataDirectory: resolve(context.directory, data),
    logLevel: flags.logLevel,
    // Files of a package that may not be built yet: the authority tells so at its front door.
    dashboard: dirname(fileURLToPath(import.meta.resolve('@hallpass/dashboard/index.html'))),
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(trustedProxies === undefined ? {} : { trustedProxies: trustedProxies.split(',') }),
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    ...(rootKey === undefined ? {} : { rootKey }),
    ...(bootstrap === undefined ? {} : { bootstrap }),
    ...(mail === undefined ? {} : { mail }),
    ...(oidc === undefined ? {} : { oidc }),
  })
  const stopped = waitForStop(() => running.close())
  const address = running.publicUrl === running.url ? running.url : `${running.url}, reached at ${running.publicUrl}`
  writeLine(context, `Hallpass listens at ${address} (data in ${data})`)
  if (running.setupCode !== undefined) {
    for (const line of firstSteps(running.publicUrl, running.setupCode.reveal(), environment)) writeLine(context, line)
  }
  await stopped
}

function readBootstrap(environment: Environment): { readonly email: string; readonly password: string } | undefined {
  const pair = readPair(environment, 'HALLPASS_BOOTSTRAP_EMAIL', 'HALLPASS_BOOTSTRAP_PASSWORD')
  return pair && { email: pair[0], password: pair[1] }
}

function readMail(environment: Environment): { readonly smtpUrl: string; readonly from: string } | undefined {
  const pair = readPair(environment, 'HALLPASS_SMTP_URL', 'HALLPASS_MAIL_FROM')
  return pair && { smtpUrl: pair[0], from: pair[1] }
}

function readOidc(environment: Environment): OidcOptions | undefined {
  const pair = readPair(environment, 'HALLPASS_OIDC_ISSUER', 'HALLPASS_OIDC_CLIENT_ID')
  if (pair === undefined) return undefined
  const [issuer, clientId] = pair
  const clientSecret = readVariable(environment, 'HALLPASS_OIDC_CLIENT_SECRET')
  const name = readVariable(environment, 'HALLPASS_OIDC_NAME')
  const signUpDomains = readVariable(environment, 'HALLPASS_OIDC_SIGN_UP_DOMAINS')?.split(',')
  return {
    issuer,
    clientId,
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(name === undefined ? {} : { name }),
    ...(signUpDomains === undefined ? {} : { signUpDomains }),
  }
}

/** Two variables that mean something together alone. */
function readPair(environment: Environment, one: string, other: string): readonly [string, string] | undefined {
  const [first, second] = [readVariable(environment, one), readVariable(environment, other)]
  if (first === undefined && second === undefined) return undefined
  if (first === undefined || second === undefined) {
    throw new CommandError('misused', `${one} and ${other} are set together or not at all`)
  }
  return [first, second]
}
