// user.change_password: sets a new password for a person who knows the old one, and ends their other logins.
import { DomainError } from '../../domain/errors.ts'
import type { Secret } from '../../domain/secret.ts'
import { requireFreshProof } from './fresh-proof.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { expectPerson, personal } from '../perform/personal.ts'
import { findUser } from '../perform/principal.ts'
import { tryOwnPassword } from './try-password.ts'

export interface ChangePassword {
  /** Undefined if the person says that they have none. */
  readonly current: Secret | undefined
  readonly next: Secret
  /** Ids of passkeys to delete as well. */
  readonly endPasskeys: readonly number[]
}

interface Prepared {
  /** The hash that the old password was checked against. */
  readonly checked: string | null
  /** Undefined if the old password was wrong. */
  readonly hash: string | undefined
}

export const changePassword: WriteOperation<ChangePassword, undefined, undefined, Prepared> = {
  name: 'user.change_password',
  mode: 'write',
  isUrgent: true,

  async prepare(context, { current, next }, principal) {
    const user = findUser(principal)
    if (user === undefined) return { checked: null, hash: undefined }
    const checked = (await context.read((tx) => tx.users.passwordHash(user.id))) ?? null
    const right =
      checked === null ||
      (current !== undefined && (await tryOwnPassword(context, user, { password: current, hash: checked })))
    if (!right) return { checked, hash: undefined }
    return { checked, hash: await context.environment.passwords.hash(next, `password of user ${user.id}`) }
  },

  access: personal('password'),

  async run({ tx, now }, { input: { endPasskeys }, actor, prepared: { checked, hash } }) {
    expectPerson(actor)
    // Knowing the old password is a proof. Without one, a stolen session could set the first password.
    if (checked === null) requireFreshProof(actor, now)
    if (hash === undefined) {
      throw new DomainError('forbidden', 'the current password is wrong', { field: 'current_password' })
    }
    if ((await tx.users.passwordHash(actor.user.id)) !== checked) {
      throw new DomainError('conflict', 'another login has just changed the password')
    }
    await tx.users.setPasswordHash(actor.user.id, hash)
    for (const { id } of await tx.passkeys.ofUser(actor.user.id)) {
      if (endPasskeys.includes(id)) await tx.passkeys.delete(id)
    }
    await tx.sessions.deleteOthers(actor.user.id, actor.sessionId)
    // An approval that was already given could otherwise still be redeemed.
    await tx.cliLogins.deleteApprovedBy(actor.user.id)
    return undefined
  },
}
