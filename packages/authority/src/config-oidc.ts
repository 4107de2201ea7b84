// Checks the settings of the OpenID provider that people log in with.
import { emailAddress } from '@hallpass/client/contract'

import { isLoopback } from './config-mail.ts'
import { checkText } from './config-text.ts'
import { StartupError } from './domain/errors.ts'
import { Secret } from './domain/secret.ts'
import type { OpenidOptions } from './identity/openid.ts'

export interface OidcOptions {
  /** `https://id.example.com`, as the provider calls itself; http only on this machine itself. */
  readonly issuer: string
  readonly clientId: string
  /** Absent if the provider knows this client as a public one. */
  readonly clientSecret?: string | undefined
  /** What people call the provider. Without it, its host. */
  readonly name?: string | undefined
  /** Domains of email addresses whose people get an account without an invitation. */
  readonly signUpDomains?: readonly string[] | undefined
  /** Whether to believe the provider's addresses even if it does not say that they are verified. False by default. */
  readonly trustEmails?: boolean | undefined
}

export type OidcConfig = Omit<OpenidOptions, 'now'>

/** @throws StartupError `configuration_invalid`, naming the variable */
export function checkOidc(options: OidcOptions): OidcConfig {
  const { clientId, clientSecret, signUpDomains = [] } = options
  const issuer = checkIssuer(options.issuer)
  const name = options.name?.trim() ?? issuer.host
  if (!isShortLine(clientId, 256)) throw invalid('HALLPASS_OIDC_CLIENT_ID takes 1 to 256 characters')
  if (!isShortLine(name, 40)) throw invalid('HALLPASS_OIDC_NAME takes 1 to 40 characters')
  if (/\p{Cc}/u.test(clientSecret ?? '')) throw invalid('HALLPASS_OIDC_CLIENT_SECRET has a control character in it')
  if (clientSecret === '') throw invalid('HALLPASS_OIDC_CLIENT_SECRET is empty')
  return {
    issuer,
    clientId,
    clientSecret: clientSecret === undefined ? undefined : new Secret(clientSecret),
    name,
    signUpDomains: signUpDomains.map((domain) => checkDomain(domain.trim().toLowerCase())),
    trustsEmails: checkTrust(issuer, options.trustEmails ?? false),
    // An account takes the same addresses as an invitation.
    readEmail: (value) => emailAddress.safeParse(value).data,
  }
}

function checkIssuer(text: string): URL {
  const url = URL.parse(checkText(text, 'HALLPASS_OIDC_ISSUER'))
  if (url === null || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    throw invalid('HALLPASS_OIDC_ISSUER is a URL without query, fragment and user')
  }
  const isLocal = url.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, ''))
  if (url.protocol !== 'https:' && !isLocal) {
    throw invalid('HALLPASS_OIDC_ISSUER begins with https://; http:// is for a provider on this machine itself')
  }
  return url
}

/** In its issuer for all tenants, Entra lets the admins of any of them write any address. */
function checkTrust(issuer: URL, trustEmails: boolean): boolean {
  if (trustEmails && /^\/(?:common|organizations|consumers)(?:\/|$)/.test(issuer.pathname)) {
    throw invalid('HALLPASS_OIDC_TRUST_EMAILS is for a HALLPASS_OIDC_ISSUER of one tenant, whose admins are yours')
  }
  return trustEmails
}

function checkDomain(domain: string): string {
  if (emailAddress.safeParse(`a@${domain}`).success) return domain
  throw invalid('HALLPASS_OIDC_SIGN_UP_DOMAINS lists domains, separated by commas, for example example.com,example.org')
}

function isShortLine(text: string, longest: number): boolean {
  return text.trim() !== '' && text.length <= longest && !/\p{Cc}/u.test(text)
}

function invalid(sentence: string): StartupError {
  return new StartupError('configuration_invalid', sentence)
}
