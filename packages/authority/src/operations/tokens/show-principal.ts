// principal.show: who asks, a person or a token.
import type { ReadOperation } from '../perform/operation.ts'
import type { Credential } from '../perform/principal.ts'

export const showPrincipal: ReadOperation<undefined, undefined, Credential> = {
  name: 'principal.show',
  mode: 'read',

  async access() {
    return { subject: undefined, requirement: { kind: 'credential' }, target: 'principal', organisationId: null }
  },

  /** The person if there is one among the credentials, otherwise the first token. */
  async run({ principal }) {
    const [first] = principal.credentials
    return principal.credentials.find((credential) => credential.kind === 'user') ?? first
  },
}
