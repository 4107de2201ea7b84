// identity.begin: makes the address at the OpenID provider where a browser logs in.
import type { IdentityProvider, LoginSecrets } from '../../domain/identity.ts'
import { inquiries } from '../perform/limits.ts'
import type { OpenRead } from '../perform/operation.ts'

export interface BeginIdentity {
  readonly provider: IdentityProvider
  readonly secrets: LoginSecrets
  readonly redirectUri: string
}

export const beginIdentity: OpenRead<BeginIdentity, URL, URL> = {
  name: 'identity.begin',
  audience: 'anyone',
  mode: 'read',
  limits: inquiries,

  prepare: (_context, { provider, secrets, redirectUri }) => provider.authorizationUrl(secrets, redirectUri),
  run: async (_context, { prepared }) => prepared,
}
