// login.methods: what a stranger must know to log in.
import { relyingPartyOf } from '../../domain/passkey.ts'
import type { Inquiry } from '../perform/operation.ts'

export interface LoginMethods {
  /** There is no account yet: the first one takes the setup code. */
  readonly setupNeeded: boolean
  readonly passkeys: boolean
  /** The provider, as people call it. */
  readonly oidc: { readonly name: string } | undefined
  readonly mail: boolean
}

export const showLoginMethods: Inquiry<undefined, LoginMethods> = {
  name: 'login.methods',

  async answer({ store, mailer, publicUrl, identityProvider }) {
    const setupNeeded = !(await store.read((tx) => tx.users.exist()))
    return {
      setupNeeded,
      passkeys: relyingPartyOf(publicUrl()) !== undefined,
      oidc: identityProvider && { name: identityProvider.name },
      mail: mailer !== undefined,
    }
  },
}
