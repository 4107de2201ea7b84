// Checks the options that an authority starts with.
import { resolve } from 'node:path'

import { emailAddress, password } from '@hallpass/client/contract'
import type { Rule, Trusts } from '@hallpass/guard/forwarded'
import { permissionLocation } from '@hallpass/macaroon'

import { checkAuthorizeRules } from './config-authorize.ts'
import { checkMail, type MailConfig, type MailOptions } from './config-mail.ts'
import { checkPublicUrl, checkTrustedProxies } from './config-network.ts'
import { checkOidc, type OidcConfig, type OidcOptions } from './config-oidc.ts'
import { checkPath, checkText } from './config-text.ts'
import { usualKeepAlive } from './http/connection-bounds.ts'
import { StartupError } from './domain/errors.ts'
import { usualNoticeDays } from './domain/notice.ts'
import { checkEngine, checkPodNetwork, checkPodSecurity } from './machines/open-engine.ts'
import { Secret } from './domain/secret.ts'
import type { KeptAddresses } from './operations/perform/note-uses.ts'
import { defaultQuotas, type QuotaLimits } from './operations/perform/quotas.ts'

export interface ServeOptions {
  /** Port 0 takes any free one. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Holds the SQLite database, the lock and the root key. It is made if it is missing. */
  readonly dataDirectory: string
  /** `postgres://…`. Without it, the embedded SQLite is used. */
  readonly databaseUrl?: string | undefined
  /** 32 bytes as base64 or hex. Without it, a file in the data directory is used. */
  readonly rootKey?: string | undefined
  /** The first account. It is made if there is none yet. */
  readonly bootstrap?: { readonly email: string; readonly password: string } | undefined
  /** Where invitations are mailed through, and the address that they come from. */
  readonly mail?: MailOptions | undefined
  /** Whom people can log in with. */
  readonly oidc?: OidcOptions | undefined
  /** Milliseconds for which audit events are kept, and rows of tokens after their end. Without them, for ever. */
  readonly keep?:
    | {
        readonly auditEvents?: number | undefined
        readonly endedTokens?: number | undefined
        /** How much of the addresses that use tokens and logins: `whole` (the default) or `network`. */
        readonly addresses?: string | undefined
      }
    | undefined
  /** How many days before the end of a token people are told of it; nobody is with none. 30, 7 and 1 by default. */
  readonly notifyBefore?: readonly number[] | undefined
  /** How much each organisation may have. Without it: 10,000 apps, 10,000 members, and any number of live tokens. */
  readonly quotas?: { readonly [Noun in keyof QuotaLimits]?: number | undefined } | undefined
  /** Milliseconds between two writings of what was used last. 20,000 by default. */
  readonly usesInterval?: number | undefined
  readonly logLevel: string
  /** Called when the first connection comes. */
  readonly onFirstConnection?: (() => void) | undefined
  /** The identifier of permission tokens, which every tool of this format hard-codes. */
  readonly location?: string | undefined
  /** The address for people, like `https://hallpass.example.com`. Without it, the one that it listens at. */
  readonly publicUrl?: string | undefined
  /** Addresses and networks, like `10.0.0.0/8`, whose X-Forwarded headers are believed. Without it, nobody's are. */
  readonly trustedProxies?: readonly string[] | undefined
  /** How often per second the Machines API lets one holder do one thing to one machine; Infinity for no limit. 1 by default. */
  readonly machinesRate?: number | undefined
  /** What runs machines: `auto`, `none`, `local`, `docker`, `kubernetes`, or the address of a Docker Engine. Without it, none. */
  readonly engine?: string | undefined
  /** How much a Kubernetes cluster lets machines do: `restricted` or `baseline`. `restricted` by default. */
  readonly podSecurity?: string | undefined
  readonly podNetwork?: string | undefined
  /** Milliseconds for which an idle connection is kept, longer than proxies keep theirs. Without it, 620 seconds. */
  readonly keepAlive?: number | undefined
  /** Milliseconds that `drain` takes. Without it, none. */
  readonly drain?: number | undefined
  /** The folder of the built dashboard. Without it, there are no pages. */
  readonly dashboard?: string | undefined
  /** Issuers of identity tokens that may be in a private network, as tokens name them. Without it, none. */
  readonly privateIssuers?: readonly string[] | undefined
  /** Whether command lines that log in through a browser must use PKCE; flyctl does not always. False by default. */
  readonly requirePkce?: boolean | undefined
  /** The file with the rules of `/authorize`. Without it, the query says which access is asked for. */
  readonly authorizeRules?: string | undefined
}

export interface Config {
  readonly listen: { readonly host: string; readonly port: number }
  readonly dataDirectory: string
  readonly databaseUrl: Secret | undefined
  readonly rootKey: Secret | undefined
  readonly bootstrap: { readonly email: string; readonly password: Secret } | undefined
  readonly mail: MailConfig | undefined
  readonly oidc: OidcConfig | undefined
  readonly keep: {
    readonly auditEvents: number | undefined
    readonly endedTokens: number | undefined
    readonly addresses: KeptAddresses
  }
  readonly notifyBefore: readonly number[]
  readonly usesInterval: number | undefined
  readonly quotas: QuotaLimits
  readonly machinesRate: number
  readonly engine: string
  readonly podSecurity: 'restricted' | 'baseline'
  readonly podNetwork: 'isolated' | 'shared'
  readonly logLevel: LogLevel
  readonly location: string
  /** An origin: no path, no slash at the end. */
  readonly publicUrl: string | undefined
  /** Undefined if nobody is trusted. */
  readonly trusts: Trusts | undefined
  /** Milliseconds. */
  readonly keepAlive: number
  /** Milliseconds. */
  readonly drain: number
  readonly dashboard: string | undefined
  readonly onFirstConnection: (() => void) | undefined
  readonly privateIssuers: readonly string[]
  readonly requirePkce: boolean
  readonly authorizeRules: readonly Rule[] | undefined
}

const logLevels = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const
export type LogLevel = (typeof logLevels)[number]

/** @throws StartupError `configuration_invalid`, naming the option */
export function checkOptions(options: ServeOptions): Config {
  const { listen, databaseUrl, rootKey, bootstrap, mail, location = permissionLocation } = options
  const logLevel = logLevels.find((level) => level === options.logLevel)
  if (logLevel === undefined) throw invalid(`--log-level is one of ${logLevels.join(', ')}`)
  const dataDirectory = resolve(checkPath(options.dataDirectory, '--data'))
  if (databaseUrl !== undefined && !/^postgres(?:ql)?:\/\//.test(checkText(databaseUrl, '--database-url'))) {
    throw invalid('--database-url begins with postgres://')
  }
  if (location === '' || location.length > 256) throw invalid('the location has 1 to 256 characters')
  const trusts = checkTrustedProxies(options.trustedProxies ?? [])
  return {
    listen,
    dataDirectory,
    databaseUrl: databaseUrl === undefined ? undefined : new Secret(databaseUrl),
    rootKey: rootKey === undefined ? undefined : new Secret(rootKey),
    bootstrap: bootstrap === undefined ? undefined : checkBootstrap(bootstrap),
    mail: mail === undefined ? undefined : checkMail(mail),
    oidc: options.oidc === undefined ? undefined : checkOidc(options.oidc),
    keep: {
      auditEvents: checkKept(options.keep?.auditEvents, '--keep-audit'),
      endedTokens: checkKept(options.keep?.endedTokens, '--keep-ended-tokens'),
      addresses: checkKeptAddresses(options.keep?.addresses ?? 'whole'),
    },
    notifyBefore: checkNotifyBefore(options.notifyBefore ?? usualNoticeDays),
    usesInterval: options.usesInterval,
    quotas: checkQuotas(options.quotas ?? {}),
    engine: checkEngine(options.engine ?? 'none'),
    podSecurity: checkPodSecurity(options.podSecurity ?? 'restricted'),
    podNetwork: checkPodNetwork(options.podNetwork ?? 'isolated'),
    machinesRate: checkMachinesRate(options.machinesRate ?? 1),
    logLevel,
    location,
    publicUrl:
      options.publicUrl === undefined ? undefined : checkPublicUrl(checkText(options.publicUrl, '--public-url')),
    trusts,
    keepAlive: checkKeepAlive(options.keepAlive ?? usualKeepAlive),
    drain: checkDrain(options.drain ?? 0),
    privateIssuers: (options.privateIssuers ?? []).map(checkPrivateIssuer),
    requirePkce: options.requirePkce ?? false,
    authorizeRules:
      options.authorizeRules === undefined
        ? undefined
        : checkAuthorizeRules(options.authorizeRules, trusts !== undefined),
    dashboard: options.dashboard === undefined ? undefined : resolve(options.dashboard),
    onFirstConnection: options.onFirstConnection,
  }
}

function checkBootstrap(bootstrap: { readonly email: string; readonly password: string }) {
  const email = emailAddress.safeParse(bootstrap.email)
  if (!email.success) throw invalid('HALLPASS_BOOTSTRAP_EMAIL is not an email address')
  const checked = password.safeParse(bootstrap.password)
  if (!checked.success) throw invalid('HALLPASS_BOOTSTRAP_PASSWORD takes 8 to 1024 characters')
  if (/\p{Cc}/u.test(checked.data)) throw invalid('HALLPASS_BOOTSTRAP_PASSWORD has a control character in it')
  return { email: email.data, password: new Secret(checked.data) }
}

function checkPrivateIssuer(issuer: string): string {
  const url = URL.parse(checkText(issuer, '--private-issuers'))
  const isPlain = url !== null && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  if (isPlain && ['http:', 'https:'].includes(url.protocol)) return issuer
  throw invalid('--private-issuers lists addresses as https://gitlab.internal, separated by commas')
}

function checkQuotas({
  apps,
  machines,
  volumes,
  volumeGb,
  members,
  tokens,
}: NonNullable<ServeOptions['quotas']>): QuotaLimits {
  const check = (given: number | undefined, usual: number, name: string) => {
    const limit = given ?? usual
    if (limit === Infinity || (Number.isInteger(limit) && limit >= 1 && limit <= mostCounted)) return limit
    throw invalid(`${name} is a number from 1 to ${mostCounted}, or none`)
  }
  return {
    apps: check(apps, defaultQuotas.apps, '--max-apps'),
    machines: check(machines, defaultQuotas.machines, '--max-machines'),
    volumes: check(volumes, defaultQuotas.volumes, '--max-volumes'),
    volumeGb: check(volumeGb, defaultQuotas.volumeGb, '--max-volume-gb'),
    members: check(members, defaultQuotas.members, '--max-members'),
    tokens: check(tokens, defaultQuotas.tokens, '--max-tokens'),
  }
}

function checkMachinesRate(perSecond: number): number {
  if (perSecond === Infinity || (Number.isInteger(perSecond) && perSecond >= 1 && perSecond <= 10_000)) return perSecond
  throw invalid('--machines-rate is a number from 1 to 10000, or none')
}

// Counting so many takes some milliseconds.
const mostCounted = 1_000_000

function checkKeepAlive(milliseconds: number): number {
  if (milliseconds >= 5000 && milliseconds <= 3_600_000) return milliseconds
  throw invalid('--keep-alive is between 5s and 1h')
}

function checkDrain(milliseconds: number): number {
  if (milliseconds >= 0 && milliseconds <= 600_000) return milliseconds
  throw invalid('--drain is at most 10m')
}

function checkKept(milliseconds: number | undefined, name: string): number | undefined {
  // A slip of the unit must not cost a trail.
  if (milliseconds !== undefined && !(milliseconds >= 86_400_000))
    throw invalid(`${name} is at least a day, for example 90d`)
  return milliseconds
}

function checkNotifyBefore(days: readonly number[]): readonly number[] {
  const isGood = days.every((each) => Number.isInteger(each) && each >= 1 && each <= 365)
  if (isGood && days.length <= 8 && new Set(days).size === days.length) return days
  throw invalid('--notify-before lists up to eight times of 1 to 365 whole days, as 30d,7d,1d, or is none')
}

function checkKeptAddresses(given: string): KeptAddresses {
  if (given === 'whole' || given === 'network') return given
  throw invalid('--keep-addresses is whole or network')
}

function invalid(sentence: string): StartupError {
  return new StartupError('configuration_invalid', sentence)
}
