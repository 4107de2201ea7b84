// One OpenID provider: authorization code with PKCE, state and nonce (OpenID Connect Core §3.1, RFC 7636, RFC 9700).
import type * as openid from 'openid-client'

import { IdentityError, type IdentityProvider } from '../domain/identity.ts'
import type { Secret } from '../domain/secret.ts'

export interface OpenidOptions {
  /** https, or http on this machine itself. */
  readonly issuer: URL
  readonly clientId: string
  /** Absent for a client that the provider knows as a public one. */
  readonly clientSecret: Secret | undefined
  readonly name: string
  readonly signUpDomains: readonly string[]
  /** An address as accounts have it; undefined where it is none. */
  readonly readEmail: (value: unknown) => string | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
}

// Seconds for one request to the provider; people wait for it.
const patience = 5
// Clocks of other machines go wrong by that much, in seconds.
const clockTolerance = 60
// Providers move, and are asked again.
const longestMemory = 3_600_000

type Client = typeof openid

export function createIdentityProvider(options: OpenidOptions): IdentityProvider {
  const { name, signUpDomains, readEmail, now } = options
  const issuer = options.issuer.href.replace(/\/$/, '')
  let known: { readonly found: Promise<openid.Configuration>; readonly until: number } | undefined

  /** Asks the provider where it has what, when somebody first wants in; what failed is asked again. */
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
        throw new IdentityError('unavailable', `${name} cannot be asked who you are`, { cause: error })
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
        const told = tokens.claims()
        if (told === undefined) throw new IdentityError('failed', `${name} did not say who you are`)
        // The library holds the end against the clock, and not the beginning.
        if (told.iat > now() / 1000 + clockTolerance) {
          throw new IdentityError('failed', `${name} says that you logged in at a time that is still to come`)
        }
        const { sub: subject } = told
        if (subject === '' || subject.length > 255) throw new IdentityError('failed', `${name} names nobody`)
        // Providers may keep what they know of people for those who ask (§5.4).
        const asksBesides = told['email'] === undefined && config.serverMetadata().userinfo_endpoint !== undefined
        const { email, email_verified } = asksBesides
          ? await client.fetchUserInfo(config, tokens.access_token, subject)
          : told
        return { issuer, subject, verifiedEmail: email_verified === true ? readEmail(email) : undefined }
      } catch (error) {
        throw error instanceof IdentityError ? error : refusalOf(client, error, name)
      }
    },
  }
}

async function discover(client: Client, options: OpenidOptions): Promise<openid.Configuration> {
  const { issuer, clientId, clientSecret } = options
  const authentication = clientSecret === undefined ? client.None() : authenticateWith(client, clientSecret)
  const metadata = { [client.clockTolerance]: clockTolerance }
  const config = await client.discovery(issuer, clientId, metadata, authentication, {
    timeout: patience,
    execute: issuer.protocol === 'http:' ? [client.allowInsecureRequests] : [],
  })
  // The ID token comes straight from the provider, and TLS would do; its signature says so for good.
  client.enableNonRepudiationChecks(config)
  return config
}

/** In the header, but where the provider says that it reads the body alone. */
function authenticateWith(client: Client, secret: Secret): openid.ClientAuth {
  const [inHeader, inBody] = [client.ClientSecretBasic(secret.reveal()), client.ClientSecretPost(secret.reveal())]
  return (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const useBody = methods.includes('client_secret_post') && !methods.includes('client_secret_basic')
    return (useBody ? inBody : inHeader)(server, ...rest)
  }
}

/** What went wrong, as far as it helps whoever wants in; nothing of what was sent is repeated. */
function refusalOf(client: Client, error: unknown, name: string): IdentityError {
  if (error instanceof client.AuthorizationResponseError) {
    return error.error === 'server_error' || error.error === 'temporarily_unavailable'
      ? new IdentityError('unavailable', `${name} cannot say who you are at this moment`, { cause: error })
      : new IdentityError('denied', `${name} did not let you in`, { cause: error })
  }
  const unreachable =
    error instanceof TypeError ||
    (error instanceof client.ClientError &&
      (error.code === 'OAUTH_TIMEOUT' || (error.cause instanceof Response && error.cause.status >= 500)))
  return unreachable
    ? new IdentityError('unavailable', `${name} does not answer`, { cause: error })
    : new IdentityError('failed', `what ${name} answered does not fit what it was asked`, { cause: error })
}
