// Identities: who a person is at an OpenID provider, by whose word they are let in.
import { DomainError } from './errors.ts'

/** OpenID Connect Core §5.7: the one pair that names an end user for good. */
export interface Identity {
  readonly issuer: string
  readonly subject: string
  readonly userId: number
  readonly createdAt: number
}

/** What a provider says of who has just logged in there. */
export interface ProvenIdentity {
  readonly issuer: string
  readonly subject: string
  /** Lower case; undefined where the provider told none, or does not say that it has verified it. */
  readonly verifiedEmail: string | undefined
  /** For whoever runs the authority: what is missing where there is no verified address. */
  readonly whyUnverified?: string
}

/** Secrets of one login, which the browser that began it keeps. */
export interface LoginSecrets {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

export interface IdentityProvider {
  readonly issuer: string
  /** As people call it. */
  readonly name: string
  /** Domains of email addresses, in lower case, whose people get an account without being asked. */
  readonly signUpDomains: readonly string[]
  /**
   * Where the browser goes to log in.
   * @throws IdentityError
   */
  authorizationUrl(secrets: LoginSecrets, redirectUri: string): Promise<URL>
  /**
   * Who it is that came back to `callback`, the full URL with its query.
   * @throws IdentityError
   */
  finish(secrets: LoginSecrets, callback: URL): Promise<ProvenIdentity>
}

export type IdentityRefusal =
  | 'denied' // the person, or the provider, said no
  | 'failed' // what came back is not the answer to what was asked
  | 'no_account'
  | 'other_identity' // the account of the address is somebody else's at the provider
  | 'unavailable' // the provider does not answer, or not as a provider does
  | 'unverified_email'

/** Why a login at a provider came to nothing. */
export class IdentityError extends DomainError {
  readonly refusal: IdentityRefusal
  /** For the log alone: what the provider said, or what was wrong with it. */
  readonly detail: string | undefined

  constructor(
    refusal: IdentityRefusal,
    sentence: string,
    options: { readonly cause?: unknown; readonly detail?: string | undefined } = {},
  ) {
    super('unauthenticated', sentence, options)
    this.refusal = refusal
    this.detail = options.detail
  }
}
