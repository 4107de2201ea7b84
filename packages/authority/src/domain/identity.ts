// Identities: who a person is at an OpenID provider.
import { DomainError } from './errors.ts'

/** OpenID Connect Core §5.7: the only pair that permanently identifies an end user. */
export interface Identity {
  readonly issuer: string
  readonly subject: string
  readonly userId: number
  readonly createdAt: number
}

/** What a provider says about a person who has just logged in there. */
export interface ProvenIdentity {
  readonly issuer: string
  readonly subject: string
  /** Lower case; undefined if the provider sends no address, or does not say that it has verified it. */
  readonly verifiedEmail: string | undefined
  /** For the operator: why there is no verified address. */
  readonly whyUnverified?: string
}

/** The secrets of one login. The browser that began it keeps them. */
export interface LoginSecrets {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

export interface IdentityProvider {
  readonly issuer: string
  /** The name shown to people. */
  readonly name: string
  /** Email domains, in lower case, whose people get an account without an invitation. */
  readonly signUpDomains: readonly string[]
  /**
   * The address at the provider where the browser logs in.
   * @throws IdentityError
   */
  authorizationUrl(secrets: LoginSecrets, redirectUri: string): Promise<URL>
  /**
   * Identifies the person who came back to `callback`, the full URL with its query.
   * @throws IdentityError
   */
  finish(secrets: LoginSecrets, callback: URL): Promise<ProvenIdentity>
}

export type IdentityRefusal =
  | 'denied' // the person, or the provider, said no
  | 'failed' // what came back is not the answer to what was asked
  | 'no_account'
  | 'other_identity' // the account of the address is linked to another subject of the provider
  | 'unavailable' // the provider does not answer, or not as a provider does
  | 'unverified_email'

/** A login at a provider failed. */
export class IdentityError extends DomainError {
  readonly refusal: IdentityRefusal
  /** For the log only: what the provider said, or what was wrong with it. */
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
