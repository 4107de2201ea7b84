// One OpenID provider: authorization code with PKCE, state and nonce (OpenID Connect Core §3.1, RFC 7636, RFC 9700).
import type * as openid from 'openid-client'

import { printable } from '../domain/cause.ts'
import { IdentityError, type IdentityProvider } from '../domain/identity.ts'
import type { Secret } from '../domain/secret.ts'

export interface OpenidOptions {
  /** https, or http on this machine only. */
  readonly issuer: URL
  readonly clientId: string
  /** Absent for a public client. */
  readonly clientSecret: Secret | undefined
  readonly name: string
  readonly signUpDomains: readonly string[]
  /** Whether an address counts as verified if the provider does not say that it is not. */
  readonly trustsEmails: boolean
  /** Normalizes an address as accounts store it; undefined if it is not one. */
  readonly readEmail: (value: unknown) => string | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
}

// Seconds for one request to the provider, because people wait for it.
const patience = 5
// How far clocks of other machines may differ, in seconds.
const clockTolerance = 60
// Providers change their endpoints, so the configuration is fetched again.
const longestMemory = 3_600_000

type Client = typeof openid

export function createIdentityProvider(options: OpenidOptions): IdentityProvider {
  const { name, signUpDomains, trustsEmails, readEmail, now } = options
  const issuer = options.issuer.href.replace(/\/$/, '')
  let known: { readonly found: Promise<openid.Configuration>; readonly until: number } | undefined

  /** Fetches the provider's configuration when it is first needed; a failure is not cached. */
  async function configuration(client: Client): Promise<openid.Configuration> {
    if (known === undefined || known.until <= now()) {
      const asked = { found: discover(client, options), until: now() + longestMemory }
      known = asked
      asked.found.catch(() => {
        if (known === asked) known = undefined
      })
    }
    return known.found
  }

  return {
    issuer,
    name,
    signUpDomains,

    async authorizationUrl({ state, nonce, codeVerifier }, redirectUri) {
      const client = await import('openid-client')
      try {
        return client.buildAuthorizationUrl(await configuration(client), {
          redirect_uri: redirectUri,
          scope: 'openid email',
          state,
          nonce,
          code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
          code_challenge_method: 'S256',
        })
      } catch (error) {
        const detail = describeFailure(client, error)
        throw new IdentityError('unavailable', `${name} cannot be asked who you are`, { cause: error, detail })
      }
    },

    async finish({ state, nonce, codeVerifier }, callback) {
      const client = await import('openid-client')
      try {
        const config = await configuration(client)
        const tokens = await client.authorizationCodeGrant(config, callback, {
          pkceCodeVerifier: codeVerifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        })
        const claims = tokens.claims()
        if (claims === undefined) throw new IdentityError('failed', `${name} did not say who you are`)
        // The library checks the token's end against the clock, but not its beginning.
        if (claims.iat > now() / 1000 + clockTolerance) {
          throw new IdentityError('failed', `${name} says that you logged in at a time that is still to come`)
        }
        const { sub: subject } = claims
        if (!isSubject(subject)) throw new IdentityError('failed', `${name} names nobody`)
        // Some providers give claims only at the userinfo endpoint (§5.4).
        const needsUserinfo = claims['email'] === undefined && config.serverMetadata().userinfo_endpoint !== undefined
        const { email, email_verified } = needsUserinfo
          ? await client.fetchUserInfo(config, tokens.access_token, subject)
          : claims
        const why = whyUnverified(email, email_verified, trustsEmails)
        if (why !== undefined) return { issuer, subject, verifiedEmail: undefined, whyUnverified: why }
        const verifiedEmail = readEmail(email)
        return {
          issuer,
          subject,
          verifiedEmail,
          ...(verifiedEmail === undefined
            ? { whyUnverified: 'the claim email is no address that accounts can have' }
            : {}),
        }
      } catch (error) {
        throw error instanceof IdentityError ? error : refusalOf(client, error, name)
      }
    },
  }
}

/** A database that cannot store the text as it is would fail, or take two people for one (OpenID Connect Core §2). */
function isSubject(text: string): boolean {
  return text !== '' && text.length <= 255 && text.isWellFormed() && !/\p{Cc}/u.test(text)
}

async function discover(client: Client, options: OpenidOptions): Promise<openid.Configuration> {
  const { issuer, clientId, clientSecret } = options
  const authentication = clientSecret === undefined ? client.None() : authenticateWith(client, clientSecret)
  const metadata = { [client.clockTolerance]: clockTolerance }
  const config = await client.discovery(issuer, clientId, metadata, authentication, {
    timeout: patience,
    execute: issuer.protocol === 'http:' ? [client.allowInsecureRequests] : [],
  })
  // The ID token comes straight from the provider over TLS, which would be enough. The signature is a second proof.
  client.enableNonRepudiationChecks(config)
  return config
}

/** In the header, unless the provider says that it reads only the body. */
function authenticateWith(client: Client, secret: Secret): openid.ClientAuth {
  const [inHeader, inBody] = [client.ClientSecretBasic(secret.reveal()), client.ClientSecretPost(secret.reveal())]
  return (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const useBody = methods.includes('client_secret_post') && !methods.includes('client_secret_basic')
    return (useBody ? inBody : inHeader)(server, ...rest)
  }
}

/**
 * Some providers write `true` as text. A provider that says nothing counts as no, unless the operator vouches for its
 * addresses.
 */
function whyUnverified(email: unknown, verified: unknown, trustsEmails: boolean): string | undefined {
  if (email === undefined) return 'there is no claim email: let the provider put it into its ID tokens'
  if (verified === true || verified === 'true') return undefined
  if (verified !== undefined) return 'the claim email_verified is not true'
  return trustsEmails ? undefined : 'there is no claim email_verified: see HALLPASS_OIDC_TRUST_EMAILS'
}

/**
 * The codes and messages of the provider and of the library, for the log. A provider may quote what it was sent, so
 * values of fields, credentials of a header, and what looks like either are left out.
 */
function describeFailure(client: Client, error: unknown): string {
  const parts: string[] = []
  for (let at: unknown = error; at instanceof Error && parts.length < 6; at = at.cause) {
    const isTold = at instanceof client.AuthorizationResponseError || at instanceof client.ResponseBodyError
    const names = isTold ? ['error', 'error_description'] : ['code', 'message']
    const words = names.map((name) => Reflect.get(Object(at), name) as unknown)
    parts.push(words.filter((word) => typeof word === 'string' && word !== '').join(': '))
    if (at.cause instanceof Response) parts.push(`status ${at.cause.status}`)
  }
  const words = parts
    .join('; ')
    .replaceAll(/(?<=[\w\]]=)[^\s&;,]+/g, '[…]')
    .replaceAll(/\b(basic|bearer)\s+\S+/gi, '$1 […]')
    .replaceAll(/(?=[a-z_+/%.-]*\d)[\w+/=%.-]{12,}/gi, '[…]')
  return printable(words)
}

/** What went wrong, as far as it helps the person who logs in. It repeats nothing that was sent. */
function refusalOf(client: Client, error: unknown, name: string): IdentityError {
  const options = { cause: error, detail: describeFailure(client, error) }
  if (error instanceof client.AuthorizationResponseError) {
    return error.error === 'server_error' || error.error === 'temporarily_unavailable'
      ? new IdentityError('unavailable', `${name} cannot say who you are at this moment`, options)
      : new IdentityError('denied', `${name} did not let you in`, options)
  }
  const unreachable =
    error instanceof TypeError ||
    (error instanceof client.ClientError &&
      (error.code === 'OAUTH_TIMEOUT' || (error.cause instanceof Response && error.cause.status >= 500)))
  return unreachable
    ? new IdentityError('unavailable', `${name} does not answer`, options)
    : new IdentityError('failed', `what ${name} answered does not fit what it was asked`, options)
}
