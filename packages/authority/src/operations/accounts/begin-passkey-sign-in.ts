// passkey.begin_sign_in: hands out a challenge for a login with whichever passkey comes.
import { limitInquiries } from '../perform/limits.ts'
import type { Inquiry } from '../perform/operation.ts'
import { beginAssertion, type Ceremony } from './passkey-ceremony.ts'

export const beginPasskeySignIn: Inquiry<undefined, Ceremony> = {
  name: 'passkey.begin_sign_in',

  async answer(environment, _input, caller) {
    limitInquiries(environment, caller, 'begin with a passkey')
    const now = environment.now()
    return environment.store.write((tx) => beginAssertion({ tx, environment, now }))
  },
}
