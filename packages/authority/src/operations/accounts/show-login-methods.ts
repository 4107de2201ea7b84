// login.methods: the ways to log in, for strangers.
import { relyingPartyOf } from '../../domain/passkey.ts'
import type { OpenRead } from '../perform/operation.ts'

export interface LoginMethods {
  /** There is no account yet: the first sign-up needs the setup code. */
  readonly setupNeeded: boolean
  readonly passkeys: boolean
  /** The provider's name for people. */
  readonly oidc: { readonly name: string } | undefined
  readonly mail: boolean
}

export const showLoginMethods: OpenRead<undefined, LoginMethods> = {
  name: 'login.methods',
  audience: 'anyone',
  mode: 'read',

  async run({ tx, environment: { postbox, publicUrl, identityProvider } }) {
    return {
      setupNeeded: !(await tx.users.exist()),
      passkeys: relyingPartyOf(publicUrl()) !== undefined,
      oidc: identityProvider && { name: identityProvider.name },
      mail: postbox !== undefined,
    }
  },
}
