// user.show: who is logged in.
import { DomainError } from '../../domain/errors.ts'
import type { User } from '../../domain/user.ts'
import type { ReadOperation } from '../perform/operation.ts'

export interface CurrentUser extends User {
  readonly hasPassword: boolean
}

export const showCurrentUser: ReadOperation<undefined, undefined, CurrentUser> = {
  name: 'user.show',
  mode: 'read',

  async access() {
    return { subject: undefined, requirement: { kind: 'person' }, target: 'user', organisationId: null }
  },

  async run({ tx }, { actor }) {
    if (actor.kind !== 'user') throw new DomainError('forbidden', 'a token is not a person')
    const hash = await tx.users.passwordHash(actor.user.id)
    return { ...actor.user, hasPassword: typeof hash === 'string' }
  },
}
