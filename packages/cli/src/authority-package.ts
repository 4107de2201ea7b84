// The one place where the command line touches the server's package: to serve, and to work on an installation by hand.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

import { CommandError } from './errors.ts'
import type { ListenAddress } from './listen-address.ts'

/** As much of the authority's package as is used here. */
export interface AuthorityPackage {
  serve(options: {
    readonly listen: ListenAddress
    readonly dataDirectory: string
    readonly databaseUrl?: string | undefined
    readonly keep?: { readonly auditEvents?: number | undefined; readonly endedTokens?: number | undefined } | undefined
    readonly rootKey?: string | undefined
    readonly bootstrap?: { readonly email: string; readonly password: string } | undefined
    readonly mail?: { readonly smtpUrl: string; readonly from: string } | undefined
    readonly oidc?: OidcOptions | undefined
    readonly publicUrl?: string | undefined
    readonly trustedProxies?: readonly string[] | undefined
    readonly keepAlive?: number | undefined
    readonly requirePkce?: boolean | undefined
    readonly quotas?: { readonly [Noun in 'apps' | 'machines' | 'members' | 'tokens']?: number | undefined } | undefined
    readonly machinesRate?: number | undefined
    readonly dashboard: string
    readonly logLevel: string
  }): Promise<RunningAuthority>
  examine(place: InstallationPlace & { readonly now: number }): Promise<readonly string[]>
  backUp(place: InstallationPlace & { readonly file: string }): Promise<Backup>
  listUsers(place: InstallationPlace): Promise<readonly InstalledUser[]>
  resetUser(
    place: InstallationPlace & { readonly email: string; readonly publicUrl: string; readonly now: number },
  ): Promise<{ readonly email: string; readonly url: { reveal(): string }; readonly expiresAt: number }>
  deleteUser(
    place: InstallationPlace & { readonly email: string; readonly evenLastAdmin: boolean; readonly now: number },
  ): Promise<readonly string[]>
  restore(
    place: InstallationPlace & { readonly file: string; readonly now: Date },
  ): Promise<Backup & { readonly kept?: string }>
}

interface InstallationPlace {
  readonly dataDirectory: string
  readonly databaseUrl?: string | undefined
  readonly rootKey?: string | undefined
}

interface InstalledUser {
  readonly id: number
  readonly email: string
  /** Milliseconds. */
  readonly createdAt: number
  readonly emailProvenAt: number | null
  readonly emailProvenBy: 'mail' | 'provider' | 'operator' | null
  readonly hasPassword: boolean
}

export interface DatabaseFacts {
  readonly version: number
  readonly accounts: number
  readonly organisations: number
  readonly tokens: number
}

interface Backup extends DatabaseFacts {
  readonly file: string
  readonly rootKey: string
  readonly rootKeyFits: boolean | undefined
}

interface OidcOptions {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: string | undefined
  readonly name?: string | undefined
  readonly signUpDomains?: readonly string[] | undefined
  readonly trustEmails?: boolean | undefined
}

interface RunningAuthority {
  readonly url: string
  readonly publicUrl: string
  readonly setupCode?: { reveal(): string }
  /** Resolves where it cannot go on, with the reason. */
  readonly failed: Promise<Error>
  close(): Promise<void>
}

/**
 * Loaded only where it is wanted: it takes a hundred times as long as the rest of the command line.
 * @throws CommandError where only the command line is installed
 */
export async function loadAuthority(): Promise<AuthorityPackage> {
  locate('@hallpass/authority')
  return import('@hallpass/authority')
}

/**
 * The directory of the pages. They may not be built yet: the authority says so at its front door.
 * @throws CommandError where only the command line is installed
 */
export function findDashboard(): string {
  return dirname(fileURLToPath(locate('@hallpass/dashboard/index.html')))
}

function locate(module: string): string {
  try {
    return import.meta.resolve(module)
  } catch (cause) {
    throw new CommandError(
      'failed',
      'only the command line is installed here, and this takes the server: npm install --global @hallpass/authority @hallpass/dashboard',
      { cause },
    )
  }
}
