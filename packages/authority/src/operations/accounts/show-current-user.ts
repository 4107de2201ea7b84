// user.show: who is logged in.
import type { User } from '../../domain/user.ts'
import type { ReadOperation } from '../perform/operation.ts'
import { expectPerson, personal } from '../perform/personal.ts'

export interface CurrentUser extends User {
  readonly hasPassword: boolean
}

export const showCurrentUser: ReadOperation<undefined, undefined, CurrentUser> = {
  name: 'user.show',
  mode: 'read',
  access: personal('user'),

  async run({ tx }, { actor }) {
    expectPerson(actor)
    const hash = await tx.users.passwordHash(actor.user.id)
    return { ...actor.user, hasPassword: typeof hash === 'string' }
  },
}
