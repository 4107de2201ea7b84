// identity.begin: where a browser goes to log in at the OpenID provider.
import type { IdentityProvider, LoginSecrets } from '../../domain/identity.ts'
import { limitInquiries } from '../perform/limits.ts'
import type { Inquiry } from '../perform/operation.ts'

export interface BeginIdentity {
  readonly provider: IdentityProvider
  readonly secrets: LoginSecrets
  readonly redirectUri: string
}

export const beginIdentity: Inquiry<BeginIdentity, URL> = {
  name: 'identity.begin',

  async answer(environment, { provider, secrets, redirectUri }, caller) {
    limitInquiries(environment, caller, 'begin with a provider')
    return provider.authorizationUrl(secrets, redirectUri)
  },
}
