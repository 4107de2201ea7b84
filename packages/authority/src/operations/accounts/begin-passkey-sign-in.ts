// passkey.begin_sign_in: issues a challenge for a login with any passkey.
import { inquiries } from '../perform/limits.ts'
import type { OpenWrite } from '../perform/operation.ts'
import { beginAssertion, type Ceremony } from './passkey-ceremony.ts'

export const beginPasskeySignIn: OpenWrite<undefined, undefined, Ceremony> = {
  name: 'passkey.begin_sign_in',
  audience: 'anyone',
  mode: 'write',
  limits: inquiries,

  run: (context) => beginAssertion(context),
}
