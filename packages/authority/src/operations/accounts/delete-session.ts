// session.delete: ends one of the person's own logins.
import { DomainError } from '../../domain/errors.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { expectPerson, personal } from '../perform/personal.ts'

export const deleteSession: WriteOperation<{ readonly id: number }, undefined, undefined> = {
  name: 'session.delete',
  mode: 'write',
  isUrgent: true,

  access: personal(({ id }) => `session ${id}`),

  async run({ tx }, { input: { id }, actor }) {
    expectPerson(actor)
    // The same error for another person's session as for none.
    if ((await tx.sessions.byId(id))?.userId !== actor.user.id) {
      throw new DomainError('not_found', 'you have no such session')
    }
    await tx.sessions.delete(id)
    return undefined
  },
}
