// user.show: who is logged in.
import { DomainError } from '../domain/errors.ts'
import type { User } from '../domain/user.ts'
import type { Reading } from './operation.ts'

export const showCurrentUser: Reading<undefined, undefined, User> = {
  name: 'user.show',
  mode: 'read',

  async access() {
    return { subject: undefined, requirement: { kind: 'person' }, target: 'user', organisationId: null }
  },

  async run(_scene, { actor }) {
    if (actor.kind !== 'user') throw new DomainError('forbidden', 'a token is not a person')
    return actor.user
  },
}
