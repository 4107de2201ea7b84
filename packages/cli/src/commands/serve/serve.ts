// `hallpass serve`: runs an authority until it is told to stop.
import { networkInterfaces } from 'node:os'

import { findDashboard, loadAuthority, type OidcOptions } from '../../authority-package.ts'
import { readVariable, type Context, type Environment } from '../../context.ts'
import type { GlobalFlags } from '../../credentials.ts'
import { CommandError } from '../../errors.ts'
import { readInstallation, readText, type InstallationFlags } from '../../installation.ts'
import { describeListening, parseListenAddress } from '../../listen-address.ts'
import { readDuration } from '../../mint.ts'
import { writeLine } from '../../output.ts'
import { readSecret } from '../../secret-file.ts'
import { firstSteps } from './first-steps.ts'
import { waitForStop } from './stop.ts'

interface ServeFlags extends GlobalFlags, InstallationFlags {
  readonly listen?: string | undefined
  readonly publicUrl?: string | undefined
  readonly trustedProxies?: string | undefined
  readonly keepAlive?: string | undefined
  readonly requirePkce?: boolean | undefined
  readonly maxApps?: string | undefined
  readonly maxMembers?: string | undefined
  readonly maxTokens?: string | undefined
  readonly keepAudit?: string | undefined
  readonly keepEndedTokens?: string | undefined
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
}

/** Starts the authority, prints where it is, and ends when it has stopped. */
export async function serveAuthority(context: Context, flags: ServeFlags): Promise<void> {
  const { environment } = context
  const listen = parseListenAddress(
    readText(flags.listen, '--listen') ?? readVariable(environment, 'HALLPASS_LISTEN') ?? '127.0.0.1:4280',
  )
  const { data, dataDirectory, databaseUrl, rootKey } = readInstallation(context, flags)
  const publicUrl = readText(flags.publicUrl, '--public-url') ?? readVariable(environment, 'HALLPASS_PUBLIC_URL')
  const trustedProxies =
    readText(flags.trustedProxies, '--trusted-proxies') ?? readVariable(environment, 'HALLPASS_TRUSTED_PROXIES')
  const keepAlive = readMilliseconds(flags.keepAlive, '--keep-alive', environment, 'HALLPASS_KEEP_ALIVE')
  const requirePkce = flags.requirePkce ?? readSwitch(environment, 'HALLPASS_REQUIRE_PKCE')
  const auditEvents = readKept(flags.keepAudit, '--keep-audit', environment, 'HALLPASS_KEEP_AUDIT')
  const endedTokens = readKept(flags.keepEndedTokens, '--keep-ended-tokens', environment, 'HALLPASS_KEEP_ENDED_TOKENS')
  const quotas = {
    ...readQuota('apps', flags.maxApps, '--max-apps', environment, 'HALLPASS_MAX_APPS'),
    ...readQuota('members', flags.maxMembers, '--max-members', environment, 'HALLPASS_MAX_MEMBERS'),
    ...readQuota('tokens', flags.maxTokens, '--max-tokens', environment, 'HALLPASS_MAX_TOKENS'),
  }
  const bootstrap = readBootstrap(environment)
  const mail = readMail(environment)
  const oidc = readOidc(environment)

  const authority = await loadAuthority()
  const starting = authority.serve({
    listen,
    dataDirectory,
    logLevel: flags.logLevel,
    keep: {
      ...(auditEvents === undefined ? {} : { auditEvents }),
      ...(endedTokens === undefined ? {} : { endedTokens }),
    },
    requirePkce,
    quotas,
    dashboard: findDashboard(),
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(trustedProxies === undefined ? {} : { trustedProxies: trustedProxies.split(',') }),
    ...(keepAlive === undefined ? {} : { keepAlive }),
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    ...(rootKey === undefined ? {} : { rootKey }),
    ...(bootstrap === undefined ? {} : { bootstrap }),
    ...(mail === undefined ? {} : { mail }),
    ...(oidc === undefined ? {} : { oidc }),
  })
  const running = await starting.catch((error: unknown) => {
    throw nameVariable(error, flags)
  })
  const stopped = waitForStop(() => running.close(), running.failed)
  const address = describeListening(listen, running.url, networkInterfaces())
  const reached = running.publicUrl === running.url ? '' : `, reached at ${running.publicUrl}`
  writeLine(context, `Hallpass listens at ${address}${reached} (data in ${data})`)
  if (running.setupCode !== undefined) {
    for (const line of firstSteps(running.publicUrl, running.setupCode.reveal(), environment)) writeLine(context, line)
  }
  await stopped
}

/** The authority names flags: who set a variable instead is told of that. */
function nameVariable(error: unknown, flags: ServeFlags): unknown {
  if (!(error instanceof Error)) return error
  const [whole = '', name = ''] = /^--([a-z-]+)(?= )/.exec(error.message) ?? []
  const given = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
  if (whole === '' || Reflect.get(flags, given) !== undefined) return error
  const variable = `HALLPASS_${name.replaceAll('-', '_').toUpperCase()}`
  return new CommandError('misused', variable + error.message.slice(whole.length), { cause: error })
}

/** A variable that is 1 or 0; 0 where it is not set. A slip must not leave open what was to be closed. */
function readSwitch(environment: Environment, name: string): boolean {
  const text = readVariable(environment, name) ?? '0'
  if (text === '1' || text === '0') return text === '1'
  throw new CommandError('misused', `${name} is 1 or 0`)
}

function readQuota<Name extends string>(
  what: Name,
  given: string | undefined,
  flag: string,
  environment: Environment,
  variable: string,
): { readonly [Key in Name]?: number } {
  const text = readText(given, flag) ?? readVariable(environment, variable)
  if (text === undefined) return {}
  const number = text === 'none' ? Infinity : Number(/^\d{1,7}$/.test(text) ? text : Number.NaN)
  if (number >= 1 && (number <= 1_000_000 || number === Infinity))
    return { [what]: number } as { [Key in Name]: number }
  throw new CommandError('misused', `${given === undefined ? variable : flag} is a number from 1 to 1000000, or none`)
}

function readKept(
  given: string | undefined,
  flag: string,
  environment: Environment,
  variable: string,
): number | undefined {
  const milliseconds = readMilliseconds(given, flag, environment, variable)
  // A slip of the unit must not cost a trail.
  if (milliseconds !== undefined && milliseconds < 86_400_000) {
    throw new CommandError('misused', `${given === undefined ? variable : flag} is a day at least, as 90d`)
  }
  return milliseconds
}

function readMilliseconds(
  given: string | undefined,
  flag: string,
  environment: Environment,
  variable: string,
): number | undefined {
  const text = readText(given, flag) ?? readVariable(environment, variable)
  return text === undefined ? undefined : readDuration(text, given === undefined ? variable : flag) * 1000
}

function readBootstrap(environment: Environment): { readonly email: string; readonly password: string } | undefined {
  const email = readVariable(environment, 'HALLPASS_BOOTSTRAP_EMAIL')
  const password = readSecret(environment, 'HALLPASS_BOOTSTRAP_PASSWORD')
  const pair = expectPair(email, password, 'HALLPASS_BOOTSTRAP_EMAIL and HALLPASS_BOOTSTRAP_PASSWORD')
  return pair && { email: pair[0], password: pair[1] }
}

function readMail(environment: Environment): { readonly smtpUrl: string; readonly from: string } | undefined {
  const smtpUrl = readSecret(environment, 'HALLPASS_SMTP_URL')
  const pair = expectPair(
    smtpUrl,
    readVariable(environment, 'HALLPASS_MAIL_FROM'),
    'HALLPASS_SMTP_URL and HALLPASS_MAIL_FROM',
  )
  return pair && { smtpUrl: pair[0], from: pair[1] }
}

function readOidc(environment: Environment): OidcOptions | undefined {
  const pair = expectPair(
    readVariable(environment, 'HALLPASS_OIDC_ISSUER'),
    readVariable(environment, 'HALLPASS_OIDC_CLIENT_ID'),
    'HALLPASS_OIDC_ISSUER and HALLPASS_OIDC_CLIENT_ID',
  )
  if (pair === undefined) return undefined
  const [issuer, clientId] = pair
  const clientSecret = readSecret(environment, 'HALLPASS_OIDC_CLIENT_SECRET')
  const name = readVariable(environment, 'HALLPASS_OIDC_NAME')
  const signUpDomains = readVariable(environment, 'HALLPASS_OIDC_SIGN_UP_DOMAINS')?.split(',')
  return {
    issuer,
    clientId,
    trustEmails: readSwitch(environment, 'HALLPASS_OIDC_TRUST_EMAILS'),
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(name === undefined ? {} : { name }),
    ...(signUpDomains === undefined ? {} : { signUpDomains }),
  }
}

/** Two values that mean something together alone. */
function expectPair(
  first: string | undefined,
  second: string | undefined,
  names: string,
): readonly [string, string] | undefined {
  if (first === undefined && second === undefined) return undefined
  if (first === undefined || second === undefined) {
    throw new CommandError('misused', `${names} are set together or not at all`)
  }
  return [first, second]
}
