// login.methods: what a stranger must know to log in.
import type { Inquiry } from './operation.ts'

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

  async answer({ store, mailer }) {
    const setupNeeded = !(await store.read((tx) => tx.users.exist()))
    return { setupNeeded, passkeys: false, oidc: undefined, mail: mailer !== undefined }
  },
}
